"""The limits that the cases of test/cases have if they do not say otherwise."""

LIMITS = {
    "head_size": 2048,
    "header_count": 20,
    "target_size": 512,
    "chunk_extension": 64,
    "trailer_size": 128,
}
