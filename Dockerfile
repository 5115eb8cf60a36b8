# One image for the agent, the renderer, hecd up, confd, and the HAProxy beside the renderer: what judges a configuration
# runs it, too. Its root may be read-only: what is written is in /run, /tmp, /var/lib/hecd and /etc/haproxy.
#   docker build -t hecd .
# BASE is anything with Node 20 and npm; HAProxy is added where the base has none.
ARG BASE=node:20-bookworm-slim

FROM ${BASE} AS build
# Finds what a build leaves: docker image prune --filter label=hecd.stage=build
LABEL hecd.stage=build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY tools/package/node/package.json ./tools/package/node/
# Without the Node that Debian's packages carry: the image has the one of its base.
RUN npm ci --ignore-scripts --workspaces=false
COPY tsconfig.json ./
COPY tools ./tools
COPY src ./src
RUN npm run build

FROM ${BASE}
LABEL org.opencontainers.image.title="HECD" \
      org.opencontainers.image.description="Service discovery for Docker and HAProxy"
RUN command -v haproxy >/dev/null || { apt-get update && apt-get install -y --no-install-recommends haproxy && rm -rf /var/lib/apt/lists/*; }
ENV NODE_ENV=production
WORKDIR /opt/hecd
COPY --from=build /build/dist ./dist
COPY package.json ./
COPY templates ./templates
COPY templates/*.hbs templates/hold.lua /etc/hecd/templates/
COPY deploy/container/health.mjs ./health.mjs
COPY deploy/container/haproxy.toml /etc/hecd/conf.d/haproxy.toml
COPY deploy/container/haproxy.cfg /etc/haproxy/haproxy.cfg
# A volume that is mounted here for the first time takes over what is there, its owner included.
RUN mkdir -p /run/haproxy && chown -R 10001:10001 /etc/haproxy /run/haproxy
# The agent's state folder, whichever user it runs as.
RUN mkdir -p -m 1777 /var/lib/hecd
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "/opt/hecd/health.mjs"]
# Half of the space for what is young, in MB: by itself Node would take up to 48 MB for it, which a daemon all fills.
ENTRYPOINT ["node", "--max-semi-space-size=2", "/opt/hecd/dist/hecd.js"]
CMD ["--help"]
