import type { MessagePortMain, UtilityProcess } from 'electron'
import { z } from 'zod'
import { UserErrorJson } from '../../core/errors.ts'

/**
 * Keeps the lab running in a process of its own: started again when it ends unasked, so that a crash in native code
 * takes neither the window nor the data. It is told how often it crashed: after two it leaves the native runtime aside.
 */
export const LabMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), workspace: z.string() }),
  /** The workspace could not be opened. */
  z.strictObject({ type: z.literal('refused'), error: UserErrorJson }),
])
export const ShellMessage = z.discriminatedUnion('type', [
  /** Comes with a port. */
  z.strictObject({ type: z.literal('connect') }),
  z.strictObject({ type: z.literal('close') }),
])

export type LabHostOptions = {
  spawn(args: string[]): UtilityProcess
  workspace: string
  onReady(workspace: string): void
  onRefused(error: UserErrorJson): void
  /** The lab crashed and is started again: pages need new ports. */
  onRestart(crashes: number): void
  /** It crashed too often to be started again. */
  onGiveUp(crashes: number): void
}

const MAX_CRASHES = 5
const FORGIVEN_AFTER = 10 * 60_000
const END_WITHIN = 30_000

export class LabHost {
  private readonly options: LabHostOptions
  private process: UtilityProcess | null = null
  private crashes: number[] = []
  private ending: Promise<void> | null = null
  private refused = false
  workspace: string

  constructor(options: LabHostOptions) {
    this.options = options
    this.workspace = options.workspace
    this.start()
  }

  /** Hands one end of a channel to the lab. */
  connect(port: MessagePortMain): void {
    this.process?.postMessage({ type: 'connect' } satisfies z.infer<typeof ShellMessage>, [port])
  }

  /** Opens another workspace with a fresh lab, after the old one was refused. */
  openInstead(workspace: string): void {
    this.workspace = workspace
    this.refused = false
    if (!this.process) this.start()
  }

  /** The lab stops what runs at its next safe point and ends; a lab that does not is ended. */
  close(): Promise<void> {
    this.ending ??= new Promise((resolve) => {
      const lab = this.process
      if (!lab) return resolve()
      const timer = setTimeout(() => lab.kill(), END_WITHIN)
      lab.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      lab.postMessage({ type: 'close' } satisfies z.infer<typeof ShellMessage>)
    })
    return this.ending
  }

  private start(): void {
    const lab = this.options.spawn(['--workspace', this.workspace, '--crashes', String(this.crashes.length)])
    this.process = lab
    lab.on('message', (message: unknown) => {
      const said = LabMessage.safeParse(message)
      if (!said.success || lab !== this.process) return
      if (said.data.type === 'ready') {
        this.workspace = said.data.workspace
        this.options.onReady(said.data.workspace)
      } else {
        this.refused = true
        this.options.onRefused(said.data.error)
      }
    })
    lab.once('exit', () => this.ended())
  }

  private ended(): void {
    this.process = null
    if (this.ending || this.refused) return
    const now = Date.now()
    this.crashes = [...this.crashes.filter((at) => now - at < FORGIVEN_AFTER), now]
    if (this.crashes.length >= MAX_CRASHES) return this.options.onGiveUp(this.crashes.length)
    this.start()
    this.options.onRestart(this.crashes.length)
  }
}
