/*
 * The metrics as text, in the two formats that Prometheus and its kin read: OpenMetrics 1.0 and the
 * classic text format 0.0.4. Both tell the same names and values.
 *
 * Pure: nothing is asked and nothing counted here.
 */
#ifndef SALLYPORT_SERVER_EXPOSITION_H
#define SALLYPORT_SERVER_EXPOSITION_H

#include "base/span.h"
#include "base/text.h"
#include "metrics/series.h"

enum exposition_format { EXPOSITION_CLASSIC, EXPOSITION_OPENMETRICS, EXPOSITION_FORMAT_COUNT };

/* A page of 2,000 series of each histogram fits. */
enum { EXPOSITION_SIZE_MAX = 64 << 20 };

/*
 * What a reader with this Accept field wants (RFC 9110 §12.5.1): OpenMetrics if it takes that at
 * least as gladly as plain text, and not only by a wildcard; else the classic format, which
 * every reader and people understand.
 */
enum exposition_format exposition_choose(struct span accept);
/* The value of Content-Type. */
const char *exposition_content_type(enum exposition_format format);
/* Writes all metrics that have series. text->cut: they did not fit; the page is worth nothing. */
void exposition_put(const struct series_table *table, enum exposition_format format,
                    struct text *text);

#endif
