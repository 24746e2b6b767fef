import { toErrorJson } from '../../../core/errors.ts'
import type { QueueState } from './state.ts'

/** What fails beside any call (a drive that is gone, a damaged page) is told, once until it goes well, and ends nothing. */
export class Complaints {
  private readonly q: QueueState
  private readonly said = new Map<string, string>()

  constructor(state: QueueState) {
    this.q = state
  }

  /** `doing` names what was tried: each fails and recovers for itself, and what fails for the same reason is told once. */
  about(doing: string, thrown: unknown): void {
    // What is given up when the workspace closes is taken up again when it opens.
    if (this.q.closing) return
    const error = toErrorJson(this.q.workspace.explain(thrown))
    if (![...this.said.values()].includes(error.got)) this.q.notify({ type: 'fault', error })
    this.said.set(doing, error.got)
  }

  well(doing: string): void {
    this.said.delete(doing)
  }

  guard(doing: string, what: () => void): void {
    try {
      what()
      this.said.delete(doing)
    } catch (error) {
      this.about(doing, error)
    }
  }

  /** The same for what takes its time. */
  watch(doing: string, what: Promise<unknown>): void {
    what.then(
      () => this.said.delete(doing),
      (error: unknown) => this.about(doing, error),
    )
  }
}
