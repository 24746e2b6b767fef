import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { Runtime } from '../../core/engine/runtime.ts'
import type { RunEvent } from '../../core/events.ts'
import type { Trial } from '../../core/experiment.ts'
import type { Checked } from '../../core/data/checks/index.ts'
import type { Roles } from '../../core/data/roles.ts'
import type { Relations } from '../../core/relations/relations.ts'
import { received, type Answered } from './answered.ts'
import type { Answer, Question, RelationsQuestion } from './analyse.ts'
import type { Done, Work, WorkAnswer, WorkOrder } from './modelWork.ts'
import { type Figures, readFigures } from './figures.ts'
import type { SharedData } from './shared.ts'
import type { Found, Study, What } from './study.ts'
import type { Packed } from './workspace/blobs.ts'
import type { Kept } from './workspace/programs.ts'

export type RuntimeKind = Runtime['kind']
/** `known`: number of the last event that was heard earlier, -1 where there is none. */
export type Job = { run: string; trial: Trial; resume: { bytes: Uint8Array } | null; known: number }
/** What a worker is handed: a few trials of one data set. */
export type Flight = {
  data: SharedData
  jobs: Job[]
  runtime: RuntimeKind
  flag: Int32Array
  /** Programs that were built before, here or elsewhere. */
  programs: Kept[]
  /** Bytes that the process may take before a worker gives memory back. */
  limit: number
}
/** Shared with the worker: [what it shall do, which of its jobs it is at]. */
export const newFlag = () => new Int32Array(new SharedArrayBuffer(8))
/** How a job came back. `ended` has said so in an event; `paused` can go on from its checkpoint. */
export type Outcome = { run: string; how: 'ended' | 'paused'; seconds: number; parameters: number | null }
/** What a worker says, at most ten times a second. */
export type Batch = { emitted: { run: string; emitted: Heard[] }[]; outcomes: Outcome[]; programs: Kept[] }
/** Where a thread writes its figures; said at the start of each flight. */
export type Hello = { thread: number; figures: Float64Array }
/** An event with its blob, compressed on the worker where that pays. */
export type Heard = { event: RunEvent; blob?: Packed }

export const GO = 0
export const PAUSE = 1
export const STOP = 2

let entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url))

/** Where the bundled worker is, if it does not lie beside this module. */
export function setWorkerEntry(path: string): void {
  entry = path
}

/** One thread of the runtime per worker; two gigabytes per worker are left for data. */
export function defaultWorkers(): number {
  const byMemory = Math.max(1, Math.floor(os.totalmem() / 2 ** 31))
  return Math.max(1, Math.min(os.availableParallelism(), byMemory, 16))
}

/**
 * Bytes that the lab's process may take: 1 GiB and 1.5 GiB per worker, at most 70 % of what the machine (or the
 * container) has. Above it workers give back what rests, and begin no trial until that was enough.
 */
export function memoryLimit(workers: number): number {
  const has = Math.min(os.totalmem(), process.constrainedMemory() || Infinity)
  return Math.min(2 ** 30 + workers * 1.5 * 2 ** 30, 0.7 * has)
}

/** Threads that are never ended while they work, and stay warm when they do not. */
const threads = (most: number) =>
  new Piscina({
    filename: entry,
    minThreads: 0,
    maxThreads: most,
    idleTimeout: Infinity,
    concurrentTasksPerWorker: 1,
    // Waiting in Atomics.wait would keep a worker's own timers and messages from running.
    atomics: 'disabled',
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })

/**
 * A warm pool of threads. A thread that runs native code is never terminated: pause and stop are a shared number that
 * the worker reads at its next yield, idle threads stay, and `close` waits until every thread is idle.
 */
export class Pool {
  readonly workers: number
  private readonly trainers: Piscina
  private readonly analyst: Piscina
  private readonly busy = new Set<Promise<unknown>>()
  private readonly figures = new Map<number, Float64Array>()

  constructor(workers: number) {
    this.workers = workers
    this.trainers = threads(workers)
    this.analyst = threads(1)
  }

  /**
   * Runs a few trials on one thread. Resolves when the thread is idle again, rejects when it ended by itself; all that
   * it said was heard before.
   */
  fly(flight: Flight, hear: (batch: Batch) => void): Promise<void> {
    const { port1, port2 } = new MessageChannel()
    const heard = new Promise<void>((resolve) => {
      port1.on('message', (said: Batch | Hello | null) => {
        if (said === null) resolve()
        else if ('thread' in said) this.figures.set(said.thread, said.figures)
        else hear(said)
      })
      port1.on('close', resolve)
    })
    const flying = this.trainers
      .run({ ...flight, port: port2 }, { transferList: [port2] })
      .finally(() => heard)
      .finally(() => port1.close())
    return this.track(flying)
  }

  /** Whether no thread has begun yet. */
  cold(): boolean {
    return this.trainers.threads.length === 0
  }

  /** Compares on a thread of its own, so that neither the lab nor a trial waits. */
  analyse(question: Question): Promise<Answer> {
    return this.ask('analyse', question)
  }

  /** Uses a trained model on the same thread, which is sent its bytes where it does not have it. */
  async work<W extends Work>(order: Omit<WorkOrder<W>, 'bytes'>, bytes: () => Uint8Array): Promise<Done<W>> {
    const ask = (sent: Uint8Array | null) => this.ask<WorkAnswer<W>>('work', { ...order, bytes: sent })
    const first = await ask(null)
    const answer = 'missing' in first ? await ask(bytes()) : first
    if ('done' in answer) return answer.done
    throw new Error('internal: a model that was sent is not known')
  }

  /** Looks at a data set on the same thread. */
  study<W extends What>(question: Study<W>): Promise<Found<W>> {
    return this.ask('study', question)
  }

  /** Looks a data set over on the same thread. Throws the `UserError` of roles that contradict the table. */
  check(question: { data: SharedData; roles: Roles }): Promise<Checked> {
    return this.ask('check', question)
  }

  /** Relations of many tasks take seconds to work out, too. */
  relate(question: RelationsQuestion): Promise<Relations> {
    return this.ask('relate', question)
  }

  /** One of the functions of the worker, on the analyst's thread. */
  private async ask<T>(name: 'analyse' | 'work' | 'study' | 'check' | 'relate', question: unknown): Promise<T> {
    return received(await this.track(this.analyst.run(question, { name }) as Promise<Answered<T>>))
  }

  /** Of the threads that train, as they are now. */
  memory(): ({ thread: number } & Figures)[] {
    const alive = this.trainers.threads.map((thread) => thread.threadId)
    return [...this.figures]
      .filter(([thread]) => alive.includes(thread))
      .map(([thread, figures]) => ({ thread, ...readFigures(figures) }))
  }

  private track<T>(work: Promise<T>): Promise<T> {
    const tracked: Promise<unknown> = work.catch(() => {}).finally(() => this.busy.delete(tracked))
    this.busy.add(tracked)
    return work
  }

  /** Call after every flag was raised. */
  async close(): Promise<void> {
    await Promise.all(this.busy)
    // Ending a thread has crashed some versions of Electron: there the process ends with its threads.
    if (!process.versions.electron) await Promise.all([this.trainers.close(), this.analyst.close()])
  }
}
