/*
 * Any bytes as a chunked body: the same payload and the same end however they are cut, and never
 * more payload than there were bytes.
 */

#include "fuzz/http_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_trace(TRACE_CHUNKED, span_of((const char *)data, size), METHOD_GET);
	return 0;
}
