// Debian's libxml2 is built with ICU, and its headers would bring ICU's along. Foundation has an ICU of its own: with both in one
// program, the compiler finds two definitions of the same types, and stops or not as the files are batched. Nothing here needs it.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
