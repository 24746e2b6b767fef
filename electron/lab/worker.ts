import type { MessagePort } from 'node:worker_threads'
import type { TaskSet } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { toErrorJson } from '../../core/errors.ts'
import type { Emitted, RunEvent } from '../../core/events.ts'
import { unpack } from '../../core/pack.ts'
import { train } from '../../core/run.ts'
import type { Batch, Flight, Heard, Job, Outcome, RuntimeKind } from './pool.ts'
import { GO, PAUSE, STOP } from './pool.ts'
import { openRuntime } from './runtimes/index.ts'
import { taskSetOf } from './sets.ts'
import { squeeze, type Packed } from './workspace/blobs.ts'

/** Milliseconds between two messages to the lab. */
const INTERVAL = 100

/**
 * One thread of the pool: trains trials and says what happens. It builds the task set of a data set once; methods copy
 * what they need of it per fold. The runtime and its compiled programs stay until another data set comes.
 */
let set: { key: string; set: TaskSet } | null = null
let open: { kind: RuntimeKind; runtime: Runtime } | null = null

export default async function fly(flight: Flight & { port: MessagePort }): Promise<void> {
  const out = outbox(flight.port)
  try {
    for (const [i, job] of flight.jobs.entries()) {
      Atomics.store(flight.flag, 1, i)
      await run(job, flight, out)
    }
  } finally {
    out.flush()
    // The last word: the lab has then heard everything.
    flight.port.postMessage(null)
  }
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
    const runtime = await runtimeFor(flight)
    const events = train(job.trial, setFor(flight), runtime, job.resume?.bytes ?? null)
    for await (const emitted of events) {
      out.say(job.run, emitted)
      seq = Math.max(seq, emitted.event.seq + 1)
      if (emitted.event.type === 'blob' && emitted.event.role === 'model' && emitted.bytes)
        parameters = (unpack(emitted.bytes).header as { parameters: number }).parameters
      if (emitted.event.type === 'end')
        return out.outcome({ run: job.run, how: 'ended', seconds: seconds(), parameters })
      out.tick()
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

/** Compiled programs are dropped with their data set, so that memory stays flat over many experiments. */
async function runtimeFor({ data, runtime: kind }: Flight): Promise<Runtime> {
  if (open && (open.kind !== kind || (set && set.key !== data.key))) {
    await open.runtime.close()
    open = null
  }
  open ??= { kind, runtime: (await openRuntime(kind)).runtime }
  return open.runtime
}

type Outbox = ReturnType<typeof outbox>

function outbox(port: MessagePort) {
  let batch: Batch = { emitted: [], outcomes: [] }
  let last = performance.now()
  const flush = () => {
    last = performance.now()
    if (!batch.emitted.length && !batch.outcomes.length) return
    const buffers = batch.emitted.flatMap(({ emitted }) =>
      emitted.flatMap(({ blob }) => (blob ? [blob.bytes.buffer as ArrayBuffer] : [])),
    )
    port.postMessage(batch, buffers)
    batch = { emitted: [], outcomes: [] }
  }
  return {
    flush,
    say(run: string, { event, bytes }: Emitted) {
      const last = batch.emitted.at(-1)
      const emitted: Heard = bytes ? { event, blob: toGive(event, bytes) } : { event }
      if (last?.run === run) last.emitted.push(emitted)
      else batch.emitted.push({ run, emitted: [emitted] })
    },
    outcome: (outcome: Outcome) => void batch.outcomes.push(outcome),
    /** At a safe point: posts what has gathered. */
    tick() {
      if (performance.now() - last >= INTERVAL) flush()
    },
  }
}

/** Memory of its own, which may be given away. Checkpoints live for seconds and hardly shrink: they go as they are. */
function toGive(event: RunEvent, bytes: Uint8Array): Packed {
  const checkpoint = event.type === 'blob' && event.role === 'checkpoint'
  const packed: Packed = checkpoint ? { size: bytes.length, packed: 0, bytes } : squeeze(bytes)
  return { ...packed, bytes: new Uint8Array(packed.bytes) }
}

/** The same file serves the thread that compares: one bundle for all threads of the lab. */
export { analyse } from './analyse.ts'
