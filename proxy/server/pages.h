/*
 * What the pages of the admin interface answer; see the table in server/administration.c and, for
 * what each field means, the section "Admin interface" of README.md.
 */
#ifndef SALLYPORT_SERVER_PAGES_H
#define SALLYPORT_SERVER_PAGES_H

#include "admin/page.h"
#include "server/administration.h"
#include "server/census.h"

void page_health(struct admin_ask *ask);
void page_ready(struct admin_ask *ask);
void page_status(struct admin_ask *ask);
void page_clusters(struct admin_ask *ask);
/* Lasts until the proxy is started anew. */
void page_drain_backend(struct admin_ask *ask);
void page_undrain_backend(struct admin_ask *ask);
void page_sessions(struct admin_ask *ask);
void page_handshakes(struct admin_ask *ask);
void page_certificates(struct admin_ask *ask);
/* See server/exposition.h. */
void page_metrics(struct admin_ask *ask);
void page_config(struct admin_ask *ask);
void page_log_level(struct admin_ask *ask);
void page_set_log_level(struct admin_ask *ask);
/* With ?format=line what is wrong with the file stands first, as `check` prints it. */
void page_reload(struct admin_ask *ask);
void page_drain(struct admin_ask *ask);
void page_stop(struct admin_ask *ask);

/* Parts that several pages have. */

/* For inquiries of which the answers are censuses. */
void *page_take_census(void *worker, const void *question);
void page_release_census(void *answer);
/* All of the workers' answers in one, which is one of them; NULL: nobody has answered. */
struct census *page_sum(void *const *answers, size_t count);
/* How many workers there are, and of how many the rest of the page tells. */
void page_put_workers(struct tree *tree, size_t answering, size_t count);
/* What the sandbox is, in words. */
void page_put_sandbox(struct tree *tree);
/* A list `clusters`. */
void page_put_clusters(struct tree *tree, const struct census *census);

/* For administration.c. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error readiness_new(struct administration *administration,
                                    struct readiness **ret_readiness);
/* Those who wait get no answer. NULL is allowed. */
void readiness_free(struct readiness *readiness);

#endif
