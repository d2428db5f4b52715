#include "session/admission.h"

#include "session/half_open.h"
#include "session/handshake_log.h"
#include "session/services.h"

enum error admission_enter(struct services *services, const struct setup_listener *listener,
                           const struct address *peer, uint32_t *ret_place)
{
	static const char *const words[HALF_OPEN_ANSWER_COUNT] = {
		[HALF_OPEN_TOTAL_REACHED] =
			"limits.handshakes is reached: so many handshakes go on already",
		[HALF_OPEN_ADDRESS_REACHED] =
			"limits.handshakes_per_address is reached: so many handshakes of this address go on "
			"already",
	};
	enum half_open_answer answer =
		half_open_enter(services->half_open, peer, !setup_trusts(services->setup, peer), ret_place);

	if (answer == HALF_OPEN_ENTERED)
		return OK;
	handshake_log_refused(services, listener, peer, ERROR_TLS_HANDSHAKE_LIMIT, words[answer]);
	return ERROR_TLS_HANDSHAKE_LIMIT;
}
