import { LabApi, Response } from '../../core/contract.ts'
import type { Call, Lab, Notice, Params, Result } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'

/** A road to the lab that carries JSON texts: a WebSocket or a MessagePort. It may close and open again. */
export interface Road {
  /** False where the road is closed just now. */
  send(text: string): boolean
  listen(on: { text: (text: string) => void; open: () => void; closed: (final: boolean) => void }): void
}

export type Connection = 'connecting' | 'open' | 'lost' | 'refused'

/** Calls that change nothing may be asked again on a new connection; the others are answered with an error. */
const READS: ReadonlySet<Call> = new Set<Call>([
  'lab.info',
  'lab.memory',
  'settings.get',
  'draft.get',
  'blob',
  'methods.list',
  'templates.list',
  'templates.spec',
  'tasks.nearest',
  'data.preview',
  'data.samples',
  'data.generators',
  'data.list',
  'data.get',
  'data.rows',
  'data.describe',
  'data.images',
  'data.check',
  'experiment.propose',
  'experiment.suggest',
  'experiment.enough',
  'experiment.plan',
  'experiment.list',
  'experiment.get',
  'experiment.compare',
  'experiment.relations',
  'experiment.shots',
  'experiment.rows',
  'experiment.report',
  'run.events',
  'run.network',
  'run.lesion',
  'run.innerLoop',
  'run.service',
])

type Open = { call: Call; params: unknown; sent: boolean; resolve: (value: never) => void; reject: (e: Error) => void }

/** The lab as the window holds it: every message from the lab is checked by its schema before anyone sees it. */
export class LabClient implements Lab {
  private road: Road
  private next = 0
  private waiting = new Map<number, Open>()
  private listeners = new Set<(notice: Notice) => void>()
  private watchers = new Set<(connection: Connection) => void>()
  connection: Connection = 'connecting'

  constructor(road: Road) {
    this.road = road
    road.listen({
      text: (text) => this.receive(text),
      open: () => this.reopen(),
      closed: (final) => this.closed(final),
    })
  }

  call<C extends Call>(name: C, params: Params<C>): Promise<Result<C>> {
    return new Promise((resolve, reject) => {
      const id = this.next++
      const open: Open = { call: name, params, sent: false, resolve: resolve as Open['resolve'], reject }
      this.waiting.set(id, open)
      this.post(id, open)
    })
  }

  on(listener: (notice: Notice) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  onConnection(watcher: (connection: Connection) => void): () => void {
    this.watchers.add(watcher)
    watcher(this.connection)
    return () => this.watchers.delete(watcher)
  }

  private post(id: number, open: Open) {
    open.sent = this.road.send(JSON.stringify({ id, call: open.call, params: open.params }))
  }

  /** The pieces of long answers that are still arriving. */
  private pieces = new Map<number, string>()

  private receive(text: string) {
    const response = Response.parse(JSON.parse(text))
    if ('part' in response) {
      const { id, part, more } = response
      const whole = (this.pieces.get(id) ?? '') + part
      if (more) this.pieces.set(id, whole)
      else {
        this.pieces.delete(id)
        this.receive(whole)
      }
      return
    }
    if ('notice' in response) {
      for (const listener of this.listeners) listener(response.notice)
      return
    }
    const open = this.waiting.get(response.id)
    if (!open) return
    this.waiting.delete(response.id)
    if ('error' in response) return open.reject(new UserError(response.error))
    const result = LabApi[open.call].result.safeParse(response.ok)
    if (result.success) open.resolve(result.data as never)
    else open.reject(new Error(`internal: the answer to ${open.call} breaks its schema: ${result.error.message}`))
  }

  private reopen() {
    this.tell('open')
    for (const [id, open] of this.waiting) if (!open.sent) this.post(id, open)
  }

  private closed(final: boolean) {
    this.pieces.clear()
    for (const [id, open] of this.waiting) {
      if (!final && (!open.sent || READS.has(open.call))) {
        open.sent = false
        continue
      }
      this.waiting.delete(id)
      open.reject(lost(open.call))
    }
    this.tell(final ? 'refused' : 'lost')
  }

  private tell(connection: Connection) {
    this.connection = connection
    for (const watcher of this.watchers) watcher(connection)
  }
}

function lost(call: string): UserError {
  return new UserError({
    code: 'connection-lost',
    who: 'Window',
    rule: 'The window lost the lab while it was answering.',
    got: `no answer to ${call}`,
    remedy: 'Try again; what was saved is kept.',
  })
}
