# bs9 as PID 1 of a container: one executable and glibc, no shell, uid 1000, and /data as the only writable directory.
# Mount an app with its bs9.toml at /app, or copy it there. Without an app the container starts, and says what is missing:
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -v ./app:/app:ro -v data:/data -p 8080:8080 bs9

FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json bun.lock build.ts tsconfig.json ./
COPY test/with-bun.sh test/
# Installs the packages of the lock file, in a layer that is reused until that file changes.
RUN sh test/with-bun.sh --version
COPY src/ src/
RUN sh test/with-bun.sh build.ts

# The files that dynamically linked programs need: libc, the libraries that native modules of apps use, and the time zones.
# CA certificates are left out, because Bun contains its own.
FROM debian:bookworm-slim AS base
RUN mkdir -p /base/usr/lib /base/usr/lib64 /base/etc /base/app /base/data \
 && ln -s usr/lib /base/lib \
 && ln -s usr/lib64 /base/lib64 \
 && mkdir -m 1777 /base/tmp \
 && chown 1000:1000 /base/data \
 && dpkg -L base-files libc6 libgcc-s1 libstdc++6 tzdata \
  | grep -v '^/usr/share/\(doc\|man\|lintian\|bug\)/' \
  | while read -r file; do if [ -f "$file" ]; then echo "${file#/}"; fi; done \
  | tar -C / -c -T - | tar -C /base -x \
 && rm -f /base/usr/bin/* /base/usr/sbin/* \
 && printf 'root:x:0:0::/:/nonexistent\nbs9:x:1000:1000::/data:/nonexistent\n' >/base/etc/passwd \
 && printf 'root:x:0:\nbs9:x:1000:\n' >/base/etc/group \
 && printf 'hosts: files dns\n' >/base/etc/nsswitch.conf

FROM scratch
COPY --from=base /base/ /
COPY --from=build /src/dist/bs9 /usr/local/bin/bs9
ENV BS9_HOME=/data BS9_BACKEND=supervisor HOME=/data PATH=/usr/local/bin
USER 1000:1000
WORKDIR /app
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["/usr/local/bin/bs9", "status", "all"]
ENTRYPOINT ["/usr/local/bin/bs9"]
CMD ["run", "--host", "0.0.0.0"]
