#include "crypto/aead.h"

#include <stdint.h>

const struct aead_engine *aead_engine;

bool aead_is_covered(const struct aead_message *message)
{
	uintptr_t input = (uintptr_t)message->input;
	uintptr_t output = (uintptr_t)message->output;
	uintptr_t apart = input < output ? output - input : input - output;

	return message->iv_size == AEAD_IV_SIZE && message->tag_size >= AEAD_TAG_SIZE_MIN &&
	       message->tag_size <= AEAD_TAG_SIZE && message->size <= AEAD_SIZE_MAX &&
	       message->ad_size <= AEAD_SIZE_MAX && (apart == 0 || apart >= message->size);
}
