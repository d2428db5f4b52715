# A small application of the kind that Sallyport stands in front of, for compose.yaml and the tests.
ARG BASE=debian:trixie-slim
FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends openssl python3 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 65532 -g 65532 /certificates
COPY scripts/legacy-app docker/demo-certificate /usr/local/bin/
USER 65532:65532
EXPOSE 8000
CMD ["legacy-app", "--address", "0.0.0.0", "--port", "8000"]
