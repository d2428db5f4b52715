#include "tls/pem.h"

#include <mbedtls/base64.h>
#include <string.h>

#include "base/memory.h"

static const struct {
	struct span oid; /* DER, with tag and length */
	const char *name;
} unsupported[] = {
	{{"\x06\x03\x2b\x65\x70", 5}, "Ed25519"},
	{{"\x06\x03\x2b\x65\x71", 5}, "Ed448"},
	{{"\x06\x03\x2b\x65\x6e", 5}, "X25519"},
	{{"\x06\x07\x2a\x86\x48\xce\x38\x04\x01", 9}, "DSA"},
	{{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 11}, "RSASSA-PSS"},
	{{"\x06\x05\x2b\x81\x04\x00\x0a", 7}, "the curve secp256k1"},
	{{"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01", 10}, "a Brainpool curve"},
	{{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11", 11}, "ML-DSA-44"},
	{{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12", 11}, "ML-DSA-65"},
	{{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13", 11}, "ML-DSA-87"},
};

static size_t find(struct span in, struct span what)
{
	const char *at = in.size > 0 ? memmem(in.data, in.size, what.data, what.size) : NULL;

	return at ? (size_t)(at - in.data) : in.size;
}

bool tls_pem_next(struct span *rest, struct tls_pem_block *ret_block)
{
	static const struct span begin = {"-----BEGIN ", 11};
	static const struct span end = {"-----END ", 9};
	static const struct span dashes = {"-----", 5};
	struct span from = span_from(*rest, find(*rest, begin));
	struct span after_begin = span_from(from, begin.size);
	struct span label = span_cut(after_begin, 0, find(after_begin, dashes));
	struct span inside = span_from(after_begin, label.size + dashes.size);
	size_t body = find(inside, end);
	struct span after_end = span_from(inside, body + end.size);
	size_t last = find(after_end, dashes);

	if (last == after_end.size)
		return false;

	struct span left = span_from(after_end, last + dashes.size);

	*ret_block = (struct tls_pem_block){
		.whole = span_cut(from, 0, from.size - left.size),
		.label = label,
		.body = span_cut(inside, 0, body),
	};
	*rest = left;
	return true;
}

enum error tls_pem_copy(struct span bytes, unsigned char **ret_copy)
{
	unsigned char *copy = memory_new(1, bytes.size + 1);

	if (!copy)
		return ERROR_OUT_OF_MEMORY;
	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	*ret_copy = copy;
	return OK;
}

const char *tls_pem_unsupported(const struct tls_pem_block *block)
{
	size_t size = block->body.size;
	unsigned char *der = size > 0 ? memory_new(1, size) : NULL;
	const char *name = NULL;

	if (!der)
		return NULL;
	if (mbedtls_base64_decode(der, size, &size, (const unsigned char *)block->body.data, size) == 0)
		for (size_t i = 0; i < ARRAY_LENGTH(unsupported) && !name; i++)
			if (find(span_of((const char *)der, size), unsupported[i].oid) < size)
				name = unsupported[i].name;
	memory_wipe(der, block->body.size);
	memory_free(der);
	return name;
}
