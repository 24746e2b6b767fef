import os from 'node:os'
import path from 'node:path'
import { checkCall } from '../../core/checkCall.ts'
import type { Call, Lab, Notice } from '../../core/contract.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { UserError } from '../../core/errors.ts'
import type { Context, Handlers, LabOptions, Session } from './context.ts'
import { brainCalls } from './brain.ts'
import { checkCalls } from './checks.ts'
import { comparisonCalls } from './comparisons.ts'
import { dataCalls } from './data.ts'
import { describeCalls, studies } from './describe.ts'
import { Estimator } from './estimate.ts'
import { experimentCalls } from './experiments.ts'
import { defaultWorkers, memoryLimit, Pool } from './pool.ts'
import { ProgramShelf } from './programs.ts'
import { Queue } from './queue/queue.ts'
import { memoryCalls } from './memory.ts'
import { openRuntime } from './runtimes/index.ts'
import { Store } from './store.ts'
import { rowCalls } from './rows.ts'
import { relationCalls } from './relations.ts'
import { shotCalls } from './shots.ts'
import { templateCalls } from './templates.ts'
import { useCalls } from './use.ts'
import { VERSION } from './version.ts'
import { Workspace } from './workspace/workspace.ts'

export type { LabOptions } from './context.ts'

type OwnCalls =
  | 'lab.info'
  | 'lab.memory'
  | 'settings.get'
  | 'settings.set'
  | 'workspace.open'
  | 'workspace.saveCopy'
  | 'draft.get'
  | 'draft.set'

/** After so many crashes of the lab's process the native runtime is no longer trusted. */
const CRASHES = 2

/**
 * The lab: one workspace, a warm pool of workers, a queue, and the calls of the contract. Throws a `UserError` where
 * the workspace cannot be opened. `close` waits until every worker is idle; nothing that was said to be saved is lost.
 */
export async function createLab(options: LabOptions): Promise<Lab & { close(): Promise<void> }> {
  const listeners = new Set<(notice: Notice) => void>()
  if (options.onNotice) listeners.add(options.onNotice)
  const notify = (notice: Notice) => {
    for (const listener of [...listeners]) listener(notice)
  }
  const runtime = runtimeOf(options, notify)
  const workers = options.workers ?? defaultWorkers()
  let context = await openSession(options, options.workspacePath, workers, runtime.get, notify)
  let handlers = handlersOf(context)
  /** Calls that are being answered: a workspace is closed only after them. */
  const running = new Set<Promise<unknown>>()

  function own(): Handlers<OwnCalls> {
    return {
      async 'lab.info'() {
        const { kind, version } = await runtime.get()
        const { file, readOnly } = context.workspace
        return {
          version: VERSION,
          host: options.host,
          runtime: { kind, version, why: runtime.why() },
          workers,
          cores: os.availableParallelism(),
          platform: `${process.platform}-${process.arch}`,
          workspace: { path: file, name: path.basename(file, '.engram'), readOnly },
        }
      },
      'lab.memory': () => ({
        taken: process.memoryUsage.rss(),
        limit: context.limit,
        workers: context.pool.memory(),
      }),
      'settings.get': () => ({ settings: context.workspace.settings() }),
      async 'settings.set'({ key, value }) {
        await context.workspace.setSetting(key, value)
        return { ok: true }
      },
      'draft.get': ({ key }) => ({ value: context.workspace.draft(key) }),
      async 'draft.set'({ key, value }) {
        await context.workspace.setDraft(key, value)
        return { ok: true }
      },
      async 'workspace.open'({ path: file }) {
        if (path.resolve(file) !== context.workspace.file) {
          // The new one first: if it cannot be opened, the old one stays.
          const next = await openSession(options, file, workers, runtime.get, notify)
          const old = context
          context = next
          handlers = handlersOf(next)
          await closeSession(old)
        }
        return { path: context.workspace.file }
      },
      async 'workspace.saveCopy'({ path: file }) {
        const to = path.resolve(file)
        if (to === context.workspace.file)
          throw new UserError({
            code: 'workspace.copy-onto-itself',
            who: path.basename(to),
            rule: 'A copy needs a place of its own.',
            got: 'the file that is open',
            remedy: 'Choose another name or folder. Everything is saved already.',
          })
        await context.workspace.saveCopy(to)
        return { path: to }
      },
    }
  }

  const ownHandlers = own()
  return {
    async call(name, params) {
      const checked = checkCall(name, params)
      const all: Handlers<Call> = { ...handlers, ...ownHandlers }
      const handler = all[name] as (params: unknown) => unknown
      const answer = Promise.resolve().then(() => handler(checked.params))
      running.add(answer)
      try {
        return (await answer) as never
      } catch (error) {
        throw context.workspace.explain(error)
      } finally {
        running.delete(answer)
      }
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      await Promise.allSettled([...running])
      await closeSession(context)
      await runtime.close()
    },
  }
}

function handlersOf(c: Context): Handlers<Exclude<Call, OwnCalls>> {
  const study = studies(c)
  const relations = relationCalls(c)
  return {
    ...dataCalls(c),
    ...experimentCalls(c),
    ...brainCalls(c),
    ...comparisonCalls(c),
    ...useCalls(c),
    ...templateCalls(c),
    ...shotCalls(c),
    ...rowCalls(c),
    ...describeCalls(c, study, relations['experiment.relations']),
    ...memoryCalls(c, study),
    ...checkCalls(c),
    ...relations,
  }
}

async function openSession(
  options: LabOptions,
  file: string,
  workers: number,
  runtime: () => Promise<Runtime>,
  notify: (notice: Notice) => void,
): Promise<Context> {
  const workspace = new Workspace(file, (error) => queue.saving(error))
  const session = {
    workspace,
    store: new Store(workspace),
    estimator: new Estimator(workspace),
    programs: new ProgramShelf(workspace),
    pool: new Pool(workers),
    limit: options.memoryLimit ?? memoryLimit(workers),
  }
  const queue: Queue = new Queue({
    ...session,
    runtime: async () => (await runtime()).kind,
    load: ({ spec }) => session.store.load(spec.data),
    notify,
  })
  if (workspace.warning) notify({ type: 'fault', error: workspace.warning.json })
  queue.start(options.resume ?? options.host !== 'cli')
  return { ...session, queue, options, runtime, notify }
}

async function closeSession({ queue, workspace }: Session): Promise<void> {
  await queue.close()
  workspace.close()
}

/** The native runtime is loaded here, once, before any worker does; it starts at once and is waited for when needed. */
function runtimeOf({ runtime: wanted = 'auto', crashes = 0 }: LabOptions, notify: (notice: Notice) => void) {
  const distrusted = crashes >= CRASHES && (wanted === 'auto' || wanted === 'native')
  let why = distrusted ? `The native runtime crashed ${crashes} times; the WebAssembly runtime is used.` : null
  const opening = openRuntime(distrusted ? 'wasm' : wanted).then(({ runtime, reason }) => {
    why ??= reason
    if (why) notify({ type: 'runtime', kind: runtime.kind, why })
    return runtime
  })
  opening.catch(() => {})
  return {
    get: () => opening,
    why: () => why,
    close: () => opening.then((runtime) => runtime.close()).catch(() => {}),
  }
}
