#include "crypto/aead_libcrypto.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/libcrypto.h"

/* Of one thread. Owner: the thread; end_thread() frees it. */
struct operations {
	EVP_CIPHER_CTX *seal[AEAD_CIPHER_COUNT];
	EVP_CIPHER_CTX *open[AEAD_CIPHER_COUNT];
};

static const char *const names[AEAD_CIPHER_COUNT] = {
	[AEAD_AES_128_GCM] = "AES-128-GCM",
	[AEAD_AES_192_GCM] = "AES-192-GCM",
	[AEAD_AES_256_GCM] = "AES-256-GCM",
	[AEAD_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

/* Threads: written by aead_libcrypto_open() and _close(); read by all. */
static EVP_CIPHER *ciphers[AEAD_CIPHER_COUNT];
static pthread_key_t operations_key;
static bool is_open;

/* Wipes the keys, too. */
static void end_thread(void *of_thread)
{
	struct operations *operations = of_thread;

	for (size_t i = 0; i < AEAD_CIPHER_COUNT; i++) {
		EVP_CIPHER_CTX_free(operations->seal[i]);
		EVP_CIPHER_CTX_free(operations->open[i]);
	}
	memory_free(operations);
}

static struct operations *operations_of_thread(void)
{
	struct operations *operations = pthread_getspecific(operations_key);

	if (operations)
		return operations;
	operations = memory_new(1, sizeof(*operations));
	if (operations && pthread_setspecific(operations_key, operations) != 0) {
		memory_free(operations);
		return NULL;
	}
	return operations;
}

static EVP_CIPHER_CTX *new_operation(enum aead_cipher cipher, bool seals)
{
	EVP_CIPHER_CTX *operation = EVP_CIPHER_CTX_new();

	if (operation &&
	    EVP_CipherInit_ex2(operation, ciphers[cipher], NULL, NULL, seals ? 1 : 0, NULL) == 1)
		return operation;
	EVP_CIPHER_CTX_free(operation);
	return NULL;
}

/* The thread's operation, with key and IV set. NULL: no memory. */
static EVP_CIPHER_CTX *begin(enum aead_cipher cipher, bool seals, const unsigned char *key,
                             const unsigned char *iv)
{
	struct operations *operations = operations_of_thread();

	if (!operations)
		return NULL;

	EVP_CIPHER_CTX **operation = &(seals ? operations->seal : operations->open)[cipher];

	if (!*operation)
		*operation = new_operation(cipher, seals);
	if (*operation && EVP_CipherInit_ex2(*operation, NULL, key, iv, -1, NULL) == 1)
		return *operation;
	libcrypto_forget_errors();
	return NULL;
}

/* Sizes are at most AEAD_SIZE_MAX, so that they fit an int. */
static bool feed(EVP_CIPHER_CTX *operation, unsigned char *output, const unsigned char *input,
                 size_t size)
{
	int done = 0;

	return size == 0 || (EVP_CipherUpdate(operation, output, &done, input, (int)size) == 1 &&
	                     (!output || (size_t)done == size));
}

static enum aead_verdict verdict(bool is_good)
{
	if (!is_good)
		libcrypto_forget_errors();
	return is_good ? AEAD_GOOD : AEAD_BAD;
}

static enum aead_verdict seal(enum aead_cipher cipher, const unsigned char *key,
                              const struct aead_message *message, const unsigned char *type,
                              unsigned char tag[AEAD_TAG_SIZE])
{
	EVP_CIPHER_CTX *operation = begin(cipher, true, key, message->iv);
	unsigned char nothing[AEAD_TAG_SIZE];
	int done = 0;

	if (!operation)
		return AEAD_NOT_DONE;
	return verdict(feed(operation, NULL, message->ad, message->ad_size) &&
	               feed(operation, message->output, message->input, message->size) &&
	               (!type || feed(operation, message->output + message->size, type, 1)) &&
	               EVP_CipherFinal_ex(operation, nothing, &done) == 1 &&
	               EVP_CIPHER_CTX_ctrl(operation, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, tag) == 1);
}

static enum aead_verdict open(enum aead_cipher cipher, const unsigned char *key,
                              const struct aead_message *message, const unsigned char *tag)
{
	EVP_CIPHER_CTX *operation = begin(cipher, false, key, message->iv);
	unsigned char expected[AEAD_TAG_SIZE] = {0};
	unsigned char nothing[AEAD_TAG_SIZE];
	int done = 0;

	if (!operation)
		return AEAD_NOT_DONE;
	memcpy(expected, tag, message->tag_size);
	return verdict(EVP_CIPHER_CTX_ctrl(operation, EVP_CTRL_AEAD_SET_TAG, (int)message->tag_size,
	                                   expected) == 1 &&
	               feed(operation, NULL, message->ad, message->ad_size) &&
	               feed(operation, message->output, message->input, message->size) &&
	               EVP_CipherFinal_ex(operation, nothing, &done) == 1);
}

static bool fetch_all(void)
{
	for (size_t i = 0; i < AEAD_CIPHER_COUNT; i++) {
		ciphers[i] = EVP_CIPHER_fetch(libcrypto.context, names[i], NULL);
		if (!ciphers[i])
			return false;
	}
	return true;
}

const struct aead_engine *aead_libcrypto_open(void)
{
	static const struct aead_engine engine = {libcrypto.name, seal, open};

	if (is_open)
		return &engine;
	if (!libcrypto.is_usable || pthread_key_create(&operations_key, end_thread) != 0)
		return NULL;
	is_open = true;
	if (fetch_all())
		return &engine;
	libcrypto_forget_errors();
	aead_libcrypto_close();
	return NULL;
}

void aead_libcrypto_close(void)
{
	if (!is_open)
		return;

	struct operations *operations = pthread_getspecific(operations_key);

	if (operations)
		end_thread(operations);
	(void)pthread_key_delete(operations_key);
	for (size_t i = 0; i < AEAD_CIPHER_COUNT; i++) {
		EVP_CIPHER_free(ciphers[i]);
		ciphers[i] = NULL;
	}
	is_open = false;
}
