#include "server/renewal_log.h"

#include <string.h>

#include "base/clock.h"

enum { NAMES_SHOWN = 5, NAMES_MAX = 1500, US_PER_S = 1000000, SECONDS_SIZE = 20 };

static void put_time(struct log *log, const char *key, int64_t time_s)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format((uint64_t)(time_s > 0 ? time_s : 0) * US_PER_S, text);
	memcpy(text + SECONDS_SIZE - 1, "Z", sizeof("Z")); /* nobody's end is told in microseconds */
	log_put_string(log, key, text);
}

static void put_names(struct log *log, const struct tls_certificate_facts *facts)
{
	struct text names;

	text_init(&names, NAMES_MAX);
	for (size_t i = 0; i < facts->name_count && i < NAMES_SHOWN; i++)
		text_printf(&names, "%s%.*s", i > 0 ? ", " : "", (int)facts->names[i].size,
		            facts->names[i].data);
	if (facts->name_count > NAMES_SHOWN)
		text_printf(&names, " and %zu more", facts->name_count - NAMES_SHOWN);
	log_put(log, "names", text_span(&names));
	text_done(&names);
}

static void put_files(struct log *log, const struct material *material)
{
	bool is_certificate = material->kind == MATERIAL_CERTIFICATE;

	log_put_string(log, is_certificate ? "chain" : "ca", material->paths[0]);
	if (material->paths[1])
		log_put_string(log, is_certificate ? "key" : "crl", material->paths[1]);
}

static void put_certificate(struct log *log, const struct material *material)
{
	const struct tls_certificate_facts *facts = tls_certificate_facts(material->certificate);

	put_names(log, facts);
	log_put_string(log, "serial", facts->serial);
	log_put_string(log, "fingerprint", facts->fingerprint);
	put_time(log, "not_after", facts->not_after_s);
}

void renewal_log_renewed(struct log *log, const struct material *material, const char *warning,
                         int64_t now_s)
{
	bool is_certificate = material->kind == MATERIAL_CERTIFICATE;

	log_begin(log, LOG_TO_ERRORS, warning[0] ? LOG_WARNING : LOG_NOTICE,
	          is_certificate ? "certificate_renewed" : "client_ca_renewed");
	put_files(log, material);
	if (is_certificate) {
		struct expiry expiry = expiry_of_material(material, now_s);

		put_certificate(log, material);
		log_put_number(log, "days_left", (uint64_t)expiry.days_left);
	}
	if (warning[0])
		log_put_string(log, "warning", warning);
	log_end(log);
}

void renewal_log_kept(struct log *log, const struct material *material, const char *why,
                      int64_t now_s)
{
	bool is_certificate = material->kind == MATERIAL_CERTIFICATE;
	bool is_past = expiry_of_material(material, now_s).state == EXPIRY_PAST;

	log_begin(log, LOG_TO_ERRORS, is_past ? LOG_ERROR : LOG_WARNING,
	          is_certificate ? "certificate_kept" : "client_ca_kept");
	put_files(log, material);
	log_put_string(log, "why", why);
	if (is_certificate)
		put_time(log, "valid_until", tls_certificate_facts(material->certificate)->not_after_s);
	log_put_string(log, "message",
	               is_past ? "what was read before has expired and is still in use"
	                       : "what was read before goes on serving");
	log_end(log);
}

void renewal_log_restored(struct log *log, const struct material *material)
{
	log_begin(log, LOG_TO_ERRORS, LOG_NOTICE,
	          material->kind == MATERIAL_CERTIFICATE ? "certificate_restored"
	                                                 : "client_ca_restored");
	put_files(log, material);
	log_put_string(log, "message", "the files hold what is in use again");
	log_end(log);
}

void renewal_log_expiry(struct log *log, const struct material *material,
                        const struct expiry *expiry, const char *failure)
{
	bool is_past = expiry->state == EXPIRY_PAST;

	log_begin(log, LOG_TO_ERRORS, is_past ? LOG_ERROR : LOG_WARNING,
	          is_past ? "certificate_expired" : "certificate_expires");
	put_files(log, material);
	put_certificate(log, material);
	if (is_past)
		log_put_number(log, "days_ago", (uint64_t)-expiry->days_left - 1);
	else
		log_put_number(log, "days_left", (uint64_t)expiry->days_left);
	if (failure)
		log_put_string(log, "why", failure);
	log_end(log);
}
