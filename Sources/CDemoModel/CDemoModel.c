#include "CDemoModel.h"

// `#embed` is of C23, and clang takes it in C of any year.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define EMBED_ALIGNED static const unsigned char _Alignas(64)

EMBED_ALIGNED config[] = {
#embed "../../Models/docqa/config.json"
};
EMBED_ALIGNED generation_config[] = {
#embed "../../Models/docqa/generation_config.json"
};
EMBED_ALIGNED tokenizer[] = {
#embed "../../Models/docqa/tokenizer.json"
};
EMBED_ALIGNED tokenizer_config[] = {
#embed "../../Models/docqa/tokenizer_config.json"
};
EMBED_ALIGNED weights[] = {
#embed "../../Models/docqa/model.safetensors"
};

static const CDemoModelFile files[] = {
  {"config.json", config, sizeof config},
  {"generation_config.json", generation_config, sizeof generation_config},
  {"tokenizer.json", tokenizer, sizeof tokenizer},
  {"tokenizer_config.json", tokenizer_config, sizeof tokenizer_config},
  {"model.safetensors", weights, sizeof weights},
};

CDemoModelFile demo_model_file(size_t index) {
  if (index < sizeof files / sizeof files[0]) return files[index];
  return (CDemoModelFile){"", weights, 0};
}
