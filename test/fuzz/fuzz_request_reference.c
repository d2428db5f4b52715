/* Any bytes as requests: the reader and the reference agree (unit/http/request_reference.h). */

#include "fuzz/http_bytes.h"
#include "unit/http/request_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(request_reference_agrees(span_of((const char *)data, size)));
	return 0;
}
