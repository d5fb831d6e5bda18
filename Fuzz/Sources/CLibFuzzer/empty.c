// A target needs a source file; libFuzzer has what the header declares.
#include "CLibFuzzer.h"
