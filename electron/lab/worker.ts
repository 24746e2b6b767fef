import { threadId, type MessagePort } from 'node:worker_threads'
import { copiesMade } from '../../core/data/encoding.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { graphsBuilt, takeFresh, useShelf } from '../../core/engine/programCache.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { toErrorJson, UserError } from '../../core/errors.ts'
import type { Emitted, RunEvent } from '../../core/events.ts'
import { unpack } from '../../core/pack.ts'
import { train } from '../../core/run.ts'
import { analyse as analysed, relate as related, type Question, type RelationsQuestion } from './analyse.ts'
import { answered } from './answered.ts'
import { check as checked } from './check.ts'
import { newFigures, writeFigures } from './figures.ts'
import { workWith, type WorkOrder } from './modelWork.ts'
import type { Batch, Flight, Heard, Hello, Job, Outcome, RuntimeKind } from './pool.ts'
import { GO, PAUSE, STOP } from './pool.ts'
import { packProgram, shelfOf } from './programs.ts'
import { openRuntime } from './runtimes/index.ts'
import { taskSetOf } from './sets.ts'
import { study as studied, type Study } from './study.ts'
import { squeeze, type Packed } from './workspace/blobs.ts'

/** Milliseconds between two messages to the lab. */
const INTERVAL = 100

/**
 * One thread of the pool: trains trials and says what happens. It builds the task set of a data set once; methods copy
 * what they need of it once per fold. The runtime stays, and with it the programs that were compiled, until they rest.
 */
let set: { key: string; set: TaskSet } | null = null
let open: { kind: RuntimeKind; runtime: Runtime } | null = null
const figures = newFigures()

export default async function fly(flight: Flight & { port: MessagePort }): Promise<void> {
  flight.port.postMessage({ thread: threadId, figures } satisfies Hello)
  useShelf(shelfOf(flight.programs))
  const out = outbox(flight.port, () => relieve(flight.limit))
  try {
    for (const [i, job] of flight.jobs.entries()) {
      Atomics.store(flight.flag, 1, i)
      await run(job, flight, out)
      out.built()
    }
  } finally {
    tally()
    out.flush()
    // The last word: the lab has then heard everything.
    flight.port.postMessage(null)
  }
}

function tally(): void {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const { awake, made } = open?.runtime.sessions?.() ?? { awake: 0, made: 0 }
  writeFigures(figures, {
    heap: heapUsed,
    arrays: arrayBuffers,
    sessions: awake,
    made,
    graphs: graphsBuilt(),
    copies: copiesMade(),
  })
}

/** Where the process takes more than it may: gives back programs that rest, the longest unused first. */
async function relieve(limit: number): Promise<void> {
  const over = () => process.memoryUsage.rss() > limit
  if (over()) await open?.runtime.rest?.(over)
  tally()
}

/** A trial that begins where there is no memory left would end the process, and every other trial with it. */
async function checkMemory(limit: number): Promise<void> {
  await relieve(limit)
  const taken = process.memoryUsage.rss()
  if (taken <= limit) return
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  throw new UserError({
    code: 'memory-full',
    who: 'Training',
    rule: `may take ${gib(limit)} of memory.`,
    got: `${gib(taken)} taken already`,
    remedy:
      'Run it again with smaller networks, fewer rows or fewer workers; closing and opening the lab frees memory.',
  })
}

async function run(job: Job, flight: Flight, out: Outbox): Promise<void> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  let seq = job.known + 1
  let parameters: number | null = null
  const wish = () => Atomics.load(flight.flag, 0)
  const end = (event: { status: 'stopped' } | { status: 'failed'; error: ReturnType<typeof toErrorJson> }) => {
    out.say(job.run, { event: { trial: job.trial.id, seq, type: 'end', ...event } })
    out.outcome({ run: job.run, how: 'ended', seconds: seconds(), parameters })
  }
  if (wish() === PAUSE) return out.outcome({ run: job.run, how: 'paused', seconds: 0, parameters })
  if (wish() === STOP) return end({ status: 'stopped' })
  try {
    await checkMemory(flight.limit)
    const runtime = await runtimeFor(flight)
    const events = train(job.trial, setFor(flight), runtime, job.resume?.bytes ?? null)
    for await (const emitted of events) {
      out.say(job.run, emitted)
      seq = Math.max(seq, emitted.event.seq + 1)
      if (emitted.event.type === 'blob' && emitted.event.role === 'model' && emitted.bytes)
        parameters = (unpack(emitted.bytes).header as { parameters: number }).parameters
      if (emitted.event.type === 'end')
        return out.outcome({ run: job.run, how: 'ended', seconds: seconds(), parameters })
      await out.tick()
      if (wish() === GO) continue
      await events.return(undefined)
      if (wish() === STOP) return end({ status: 'stopped' })
      return out.outcome({ run: job.run, how: 'paused', seconds: seconds(), parameters })
    }
    throw new Error('internal: the trial ended without an end')
  } catch (error) {
    end({ status: 'failed', error: toErrorJson(error) })
  }
}

function setFor({ data }: Flight): TaskSet {
  if (set?.key !== data.key) set = { key: data.key, set: taskSetOf(data) }
  return set.set
}

async function runtimeFor({ runtime: kind }: Pick<Flight, 'runtime'>): Promise<Runtime> {
  if (open && open.kind !== kind) {
    await open.runtime.close()
    open = null
  }
  open ??= { kind, runtime: (await openRuntime(kind, { onSleep: tally })).runtime }
  return open.runtime
}

type Outbox = ReturnType<typeof outbox>

function outbox(port: MessagePort, onTick: () => Promise<void>) {
  const empty = (): Batch => ({ emitted: [], outcomes: [], programs: [] })
  let batch = empty()
  let last = performance.now()
  const flush = () => {
    last = performance.now()
    if (!batch.emitted.length && !batch.outcomes.length && !batch.programs.length) return
    const buffers = batch.emitted.flatMap(({ emitted }) =>
      emitted.flatMap(({ blob }) => (blob ? [blob.bytes.buffer as ArrayBuffer] : [])),
    )
    port.postMessage(batch, buffers)
    batch = empty()
  }
  return {
    flush,
    say(run: string, { event, bytes }: Emitted) {
      const last = batch.emitted.at(-1)
      const emitted: Heard = bytes ? { event, blob: toGive(event, bytes) } : { event }
      if (last?.run === run) last.emitted.push(emitted)
      else batch.emitted.push({ run, emitted: [emitted] })
    },
    /** What had to be built is worth keeping. */
    built: () => void batch.programs.push(...takeFresh().map(packProgram)),
    outcome: (outcome: Outcome) => void batch.outcomes.push(outcome),
    /** At a safe point: posts what has gathered, and looks after memory. */
    async tick() {
      if (performance.now() - last < INTERVAL) return
      flush()
      await onTick()
    },
  }
}

/** Memory of its own, which may be given away. Checkpoints live for seconds and hardly shrink: they go as they are. */
function toGive(event: RunEvent, bytes: Uint8Array): Packed {
  const checkpoint = event.type === 'blob' && event.role === 'checkpoint'
  const packed: Packed = checkpoint ? { size: bytes.length, packed: 0, bytes } : squeeze(bytes)
  return { ...packed, bytes: new Uint8Array(packed.bytes) }
}

/** The same file serves the thread that compares, checks, describes and uses models: one bundle for all threads. */
export const analyse = (question: Question) => answered(() => analysed(question))
export const relate = (question: RelationsQuestion) => answered(() => related(question))
export const check = (question: Parameters<typeof checked>[0]) => answered(() => checked(question))
export const study = (question: Study) => answered(() => studied(question))
export const work = (order: WorkOrder) => answered(async () => workWith(order, await runtimeFor(order)))
