import { EventEmitter } from 'node:events'

/** MessageChannelMain and MessagePortMain within one process: messages wait until `start`. */
export class Port extends EventEmitter {
  peer: Port | null = null
  private started = false
  private waiting: unknown[] = []
  private open = true

  postMessage(data: unknown): void {
    const copy = structuredClone(data)
    setImmediate(() => this.peer?.receive(copy))
  }

  start(): void {
    this.started = true
    for (const data of this.waiting.splice(0)) this.emit('message', { data, ports: [] })
  }

  close(): void {
    for (const port of [this, this.peer]) if (port?.open) port.end()
  }

  private end(): void {
    this.open = false
    this.emit('close')
  }

  private receive(data: unknown): void {
    if (!this.open) return
    if (this.started) this.emit('message', { data, ports: [] })
    else this.waiting.push(data)
  }
}

export class MessageChannelMain {
  readonly port1 = new Port()
  readonly port2 = new Port()

  constructor() {
    this.port1.peer = this.port2
    this.port2.peer = this.port1
  }
}

/** Messages of the wire between a process and its utility process. */
export type Wire =
  | { kind: 'message'; data: unknown; ports: number[] }
  | { kind: 'port'; port: number; data: unknown }
  | { kind: 'closed'; port: number }
