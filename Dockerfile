# The controller with HAProxy, for deploy/. ./Scripts/check-image proves it without a container engine.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libcurl4-openssl-dev libssl-dev libyaml-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Dependencies alone first: they change less often than the sources.
COPY Package.swift ./
RUN swift package resolve
COPY . .
RUN swift build --configuration release --product haproxy-ingress --static-swift-stdlib -Xlinker --strip-all \
    && install -D "$(swift build --configuration release --show-bin-path)/haproxy-ingress" /out/haproxy-ingress

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates haproxy libcurl4 libssl3 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=1000 --group=1000 /etc/haproxy-ingress /var/run/haproxy-ingress \
    # The Jobs of the Go controller's chart and manifests call it by this name.
    && ln --symbolic /usr/local/bin/haproxy-ingress /haproxy-ingress-controller
COPY --from=build /out/haproxy-ingress /usr/local/bin/haproxy-ingress
USER 1000:1000
EXPOSE 8080 8443 1024 1042 6060
ENTRYPOINT ["haproxy-ingress"]
