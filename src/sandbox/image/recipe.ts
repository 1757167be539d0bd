/**
 * Owns what is in the sandbox image, whichever way it is built. Must never hold anything of this host: no mirror, no name.
 */

export const sandboxImage = 'openclaw-sandbox:bookworm-slim';
export const release = 'bookworm';
export const packages = ['bash', 'ca-certificates', 'curl', 'git', 'jq', 'python3', 'ripgrep'] as const;

/** The image's own user. A sandbox may run as another one: see docker/workspace.ts. */
export const imageUser = { name: 'sandbox', uid: 1000 } as const;

const command = ['sleep', 'infinity'];

export const baseImage = `debian:${release}-slim`;

/** For the engine's own builder, on top of the registry's Debian image. */
export const dockerfile = `FROM ${baseImage}
RUN apt-get update \\
 && apt-get -y upgrade \\
 && apt-get install -y --no-install-recommends ${packages.join(' ')} \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \\
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \\
 && useradd --create-home --uid ${imageUser.uid} --shell /bin/bash ${imageUser.name}
USER ${imageUser.name}
WORKDIR /home/${imageUser.name}
CMD ${JSON.stringify(command)}
`;

/** The same settings for an image that is imported as one file system. */
export const importChanges = [`USER ${imageUser.name}`, `WORKDIR /home/${imageUser.name}`, `CMD ${JSON.stringify(command)}`];
