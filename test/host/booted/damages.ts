/** Ways in which a deployed host goes wrong: each must be named by `verify` and mended by `repair`. In batches that do not touch each other. */

export interface Damage {
  name: string;
  /** A shell script on the host. */
  do: string;
  /** In the id or the evidence of a finding. */
  named: RegExp;
}

const append = (path: string): string => `printf '\\n# x\\n' >> ${path}`;
const units = '/etc/systemd/system';

export const damages: readonly (readonly Damage[])[] = [
  [
    { name: 'ufw off', do: 'ufw disable', named: /ufw\.conf|firewall:ufw/ },
    { name: 'DOCKER-USER emptied', do: 'iptables -F DOCKER-USER', named: /firewall:docker-user/ },
    { name: 'daemon.json changed', do: `sed -i 's/"icc": false/"icc": true/' /etc/docker/daemon.json`, named: /daemon\.json/ },
    { name: 'service account with a shell', do: 'usermod -s /bin/bash openclaw-svc', named: /account:openclaw-svc/ },
    { name: 'home open', do: 'chmod 755 /home/openclaw-svc', named: /directory:\/home\/openclaw-svc|accounts.*home/ },
    {
      name: 'program file changed',
      do: append('/opt/openclaw/current/dist/package.json'),
      named: /tree:\/opt\/openclaw\/releases/,
    },
    { name: 'policy file changed', do: append('/etc/openclaw/tailnet-policy.json'), named: /tailnet-policy/ },
    { name: 'no automatic updates', do: append('/etc/apt/apt.conf.d/20auto-upgrades'), named: /20auto-upgrades/ },
    { name: 'configuration readable', do: 'chmod 644 /etc/openclaw/openclaw.json', named: /openclaw\.json/ },
    {
      name: 'SOUL.md gone while nobody looks',
      do: 'systemctl stop openclaw-identity-watch.path; rm /etc/openclaw/SOUL.md',
      named: /SOUL\.md/,
    },
    {
      name: 'gateway unit changed',
      do: `sed -i '/NoNewPrivileges/d' ${units}/openclaw.service`,
      named: /file:.*openclaw\.service/,
    },
    { name: 'audit timer off', do: 'systemctl disable --now openclaw-job-audit.timer', named: /unit:openclaw-job-audit\.timer/ },
    { name: 'hook folder gone', do: 'rmdir /etc/openclaw/hooks/after-update.d', named: /after-update\.d/ },
  ],
  [
    { name: 'a port opened to the world', do: 'ufw allow 8081/tcp', named: /user\.rules/ },
    {
      name: 'DROP taken out of DOCKER-USER',
      do: 'iptables -D DOCKER-USER -m comment --comment "openclaw: default drop" -j DROP',
      named: /firewall:docker-user/,
    },
    {
      name: 'service account in the group docker',
      do: 'usermod -aG docker openclaw-svc',
      named: /account:openclaw-svc|accounts.*docker/,
    },
    {
      name: 'stranger among the program files',
      do: 'touch /opt/openclaw/current/dist/evil.cjs',
      named: /tree:\/opt\/openclaw\/releases/,
    },
    { name: 'command replaced', do: append('/usr/local/bin/openclaw'), named: /\/usr\/local\/bin\/openclaw/ },
    { name: 'state folder open', do: 'chmod 755 /var/lib/openclaw', named: /directory:\/var\/lib\/openclaw/ },
    { name: 'AGENTS.md writable', do: 'chmod 666 /var/lib/openclaw-workspaces/main/AGENTS.md', named: /AGENTS\.md/ },
    {
      name: 'a drop-in weakens the gateway',
      do: `mkdir -p ${units}/openclaw.service.d; printf '[Service]\\nNoNewPrivileges=no\\n' > ${units}/openclaw.service.d/x.conf; systemctl daemon-reload`,
      named: /openclaw\.service\.d\/x\.conf/,
    },
    {
      name: 'broker unit gone',
      do: `rm ${units}/openclaw-sandboxd.service; systemctl daemon-reload`,
      named: /openclaw-sandboxd\.service/,
    },
    { name: 'job unit changed', do: append(`${units}/openclaw-job-funnel.service`), named: /openclaw-job-funnel\.service/ },
    {
      name: 'watch off',
      do: 'systemctl disable --now openclaw-identity-watch.path',
      named: /unit:openclaw-identity-watch\.path/,
    },
    { name: 'updates timer off', do: 'systemctl disable --now apt-daily-upgrade.timer', named: /apt-daily-upgrade/ },
    {
      name: 'sandbox image replaced',
      do: `docker image rm -f openclaw-sandbox:bookworm-slim; printf 'x' > /tmp/x; tar -C /tmp -cf - x | docker import - openclaw-sandbox:bookworm-slim`,
      named: /image:openclaw-sandbox/,
    },
  ],
  [
    { name: 'INPUT accepts', do: 'iptables -P INPUT ACCEPT', named: /firewall:ufw/ },
    { name: 'a rule in front of the firewall', do: 'ip6tables -I INPUT 1 -p tcp --dport 9000 -j ACCEPT', named: /firewall:ufw/ },
    { name: 'no jump to DOCKER-USER for IPv6', do: 'ip6tables -D FORWARD -j DOCKER-USER', named: /firewall:docker-user/ },
    { name: 'firewall unit off', do: 'systemctl disable openclaw-firewall.service', named: /unit:openclaw-firewall/ },
    { name: 'docker off at boot', do: 'systemctl disable docker.service', named: /unit:docker\.service/ },
    { name: 'service account unlocked', do: 'echo openclaw-svc:secret | chpasswd', named: /account:openclaw-svc/ },
    { name: 'kept copy damaged', do: append('/opt/openclaw/kept/*/dist/package.json'), named: /tree:\/opt\/openclaw\/kept/ },
    {
      name: 'program owned by the service',
      do: 'chown openclaw-svc /opt/openclaw/current/dist/openclaw.cjs',
      named: /tree:\/opt\/openclaw\/releases|program.*read-only/,
    },
    {
      name: 'configuration folder owned by the service',
      do: 'chown openclaw-svc /etc/openclaw',
      named: /directory:\/etc\/openclaw/,
    },
    { name: 'baseline gone', do: 'rm /var/lib/openclaw-soul-baseline.sha256', named: /baseline/ },
    { name: 'gateway stopped', do: 'systemctl stop openclaw.service', named: /unit:openclaw\.service|systemd\.openclaw\.runs/ },
    { name: 'broker killed and off', do: 'systemctl disable --now openclaw-sandboxd.service', named: /unit:openclaw-sandboxd/ },
    { name: 'job timer changed', do: append(`${units}/openclaw-job-identity.timer`), named: /openclaw-job-identity\.timer/ },
  ],
  [
    {
      name: 'input policy changed',
      do: `sed -i 's/DEFAULT_INPUT_POLICY="DROP"/DEFAULT_INPUT_POLICY="ACCEPT"/' /etc/default/ufw && ufw reload`,
      named: /\/etc\/default\/ufw/,
    },
    { name: 'tailnet rule taken away', do: 'ufw delete allow in on tailscale0', named: /user\.rules/ },
    {
      name: 'rules file of DOCKER-USER changed',
      do: append('/usr/local/libexec/openclaw/docker-user.iptables'),
      named: /docker-user\.iptables/,
    },
    {
      name: 'loader not executable',
      do: 'chmod 644 /usr/local/libexec/openclaw/docker-user',
      named: /libexec\/openclaw\/docker-user/,
    },
    { name: 'daemon.json gone', do: 'rm /etc/docker/daemon.json', named: /daemon\.json/ },
    { name: 'group of the broker gone', do: 'gpasswd -d openclaw-svc openclaw-sandbox', named: /account:openclaw-svc/ },
    { name: 'current points elsewhere', do: 'ln -sfn /tmp /opt/openclaw/current', named: /link:\/opt\/openclaw\/current/ },
    {
      name: 'workspace without its sticky bit',
      do: 'chmod 770 /var/lib/openclaw-workspaces/main',
      named: /directory:\/var\/lib\/openclaw-workspaces\/main/,
    },
    {
      name: 'a runtime drop-in',
      do: 'mkdir -p /run/systemd/system/openclaw.service.d; printf "[Service]\\nPrivateTmp=no\\n" > /run/systemd/system/openclaw.service.d/y.conf; systemctl daemon-reload',
      named: /run\/systemd\/system\/openclaw\.service\.d/,
    },
    {
      name: 'original of SOUL.md readable',
      do: 'chmod 644 /var/lib/openclaw-host/identity/1/SOUL.md',
      named: /identity\/1\/SOUL\.md/,
    },
    { name: 'credentials readable', do: 'chmod 755 /var/lib/openclaw/credentials', named: /credentials/ },
    { name: 'document’s command gone', do: 'rm /home/openclaw-svc/.npm-global/bin/openclaw', named: /npm-global\/bin\/openclaw/ },
  ],
];
