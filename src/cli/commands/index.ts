/** Every command of the program, by its words. Each leaf loads when it is called. */
import type { CommandGroup } from '../command.ts';

export const commands: CommandGroup = {
  description: 'an AI agent gateway on a host of your own',
  commands: {
    chat: { description: 'Talk to the agent in this terminal', load: () => import('./chat.ts') },
    onboard: { description: 'Make a configuration', load: () => import('./onboard.ts') },
    agent: { description: 'One turn of the agent, for scripts', load: () => import('./agent.ts') },
    gateway: {
      description: 'Run the gateway and ask how it is',
      bare: 'run',
      commands: {
        run: { description: 'Run in the foreground until stopped', load: () => import('./gateway/run.ts') },
        start: { description: 'Run in the background; returns when it is ready', load: () => import('./gateway/start.ts') },
        stop: { description: 'Stop the one that runs', load: () => import('./gateway/stop.ts') },
        restart: { description: 'Stop it and start it again', load: () => import('./gateway/restart.ts') },
        status: { description: 'What runs, waits and fails', load: () => import('./gateway/status.ts') },
      },
    },
    config: {
      description: 'Read and change the configuration',
      commands: {
        get: { description: 'Print a value', load: () => import('./config/get.ts') },
        set: { description: 'Change a value', load: () => import('./config/set.ts') },
        unset: { description: 'Remove a value', load: () => import('./config/unset.ts') },
        validate: { description: 'Check the file', load: () => import('./config/validate.ts') },
        schema: { description: 'Print the JSON Schema', load: () => import('./config/schema.ts') },
        docs: { description: 'Explain the keys', load: () => import('./config/docs.ts') },
        file: { description: 'Print where the file is', load: () => import('./config/file.ts') },
      },
    },
    channels: {
      description: 'Messaging channels',
      bare: 'list',
      commands: {
        list: { description: 'Channels that are configured', load: () => import('./channels/list.ts') },
        status: {
          description: 'Whether they run, and ask the platform with --probe',
          load: () => import('./channels/status.ts'),
        },
        add: { description: 'Add an account, or change its token', load: () => import('./channels/add.ts') },
        remove: { description: 'Forget an account and its token', load: () => import('./channels/remove.ts') },
      },
    },
    plugins: {
      description: 'Which channels run',
      bare: 'list',
      commands: {
        list: { description: 'Channels that there are', load: () => import('./plugins/list.ts') },
        enable: { description: 'Let a channel run', load: () => import('./plugins/enable.ts') },
        disable: { description: 'Keep a channel off', load: () => import('./plugins/disable.ts') },
      },
    },
    pairing: {
      description: 'Who may talk',
      bare: 'list',
      commands: {
        list: { description: 'Requests that wait, and who was approved', load: () => import('./pairing/list.ts') },
        approve: { description: 'Let a stranger in by their code', load: () => import('./pairing/approve.ts') },
        reject: { description: 'Refuse a stranger by their code', load: () => import('./pairing/reject.ts') },
        revoke: { description: 'Take the right to talk away', load: () => import('./pairing/revoke.ts') },
      },
    },
    messages: {
      description: 'Messages received, and what became of them',
      bare: 'list',
      commands: { list: { description: 'List and count them', load: () => import('./messages/list.ts') } },
    },
    message: {
      description: 'Send a message',
      commands: { send: { description: 'Send text to a chat', load: () => import('./message/send.ts') } },
    },
    sessions: {
      description: 'Conversations',
      bare: 'list',
      commands: {
        list: { description: 'List them', load: () => import('./sessions/list.ts') },
        show: { description: 'Print one', load: () => import('./sessions/show.ts') },
        reset: { description: 'Start one anew', load: () => import('./sessions/reset.ts') },
      },
    },
    models: {
      description: 'Language models',
      bare: 'status',
      commands: {
        list: { description: 'Models that can be used', load: () => import('./models/list.ts') },
        status: { description: 'The chosen model and its key', load: () => import('./models/status.ts') },
        set: { description: 'Choose the model', load: () => import('./models/set.ts') },
      },
    },
    sandbox: {
      description: 'Where tools run',
      bare: 'list',
      commands: {
        list: { description: 'Sandboxes alive', load: () => import('./sandbox/list.ts') },
        build: { description: 'Build the sandbox image', load: () => import('./sandbox/build.ts') },
        explain: { description: 'What a session may do, and why', load: () => import('./sandbox/explain.ts') },
        recreate: {
          description: 'Destroy sandboxes; the next tool call makes new ones',
          load: () => import('./sandbox/recreate.ts'),
        },
        prune: { description: 'Remove leftovers', load: () => import('./sandbox/prune.ts') },
      },
    },
    host: {
      description: 'The host: the layers that lock it down',
      commands: {
        plan: { description: 'What would change', load: () => import('./host/plan.ts') },
        apply: { description: 'Make the layers', load: () => import('./host/apply.ts') },
        verify: { description: 'Prove that they hold', load: () => import('./host/verify.ts') },
        repair: { description: 'Put back what does not hold', load: () => import('./host/repair.ts') },
        status: { description: 'The layers at a glance', load: () => import('./host/status.ts') },
        rollback: { description: 'Undo the last apply', load: () => import('./host/rollback.ts') },
        remove: { description: 'Take everything away again', load: () => import('./host/remove.ts') },
        identity: { description: 'Give the agent a new SOUL.md', load: () => import('./host/identity.ts') },
        job: { description: 'Run a scheduled job now', load: () => import('./host/job.ts') },
      },
    },
    status: { description: 'This installation at a glance', load: () => import('./status.ts') },
    health: { description: 'Is the running gateway well?', load: () => import('./health.ts') },
    doctor: { description: 'Can this installation do its job?', load: () => import('./doctor.ts') },
    security: {
      description: 'Is this installation safe?',
      commands: { audit: { description: 'Look for what gives rights away', load: () => import('./security/audit.ts') } },
    },
    logs: { description: 'The gateway’s log', load: () => import('./logs.ts') },
  },
};
