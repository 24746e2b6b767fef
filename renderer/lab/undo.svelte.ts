export type Step = {
  /** What was changed, in the person's words: read when it is shown. */
  what: () => string
  undo: () => void | Promise<void>
  redo: () => void | Promise<void>
  /** Steps with the same key that follow each other quickly become one: typing a name is one change. */
  merge?: string
}

const MERGE_WITHIN_MS = 1200
const MOST = 200

/** Undo for roles, specs, names and deletion. `said` is the line that tells what was undone. */
export class Undo {
  private done: (Step & { at: number })[] = []
  private undone: Step[] = []
  said = $state.raw<{ kind: 'undone' | 'redone'; what: () => string } | null>(null)
  canUndo = $state(false)
  canRedo = $state(false)

  /** Does `step.redo` and keeps it. */
  async do(step: Step, now = performance.now()) {
    const last = this.done.at(-1)
    if (step.merge && last?.merge === step.merge && now - last.at < MERGE_WITHIN_MS) {
      this.done[this.done.length - 1] = { ...step, undo: last.undo, at: now }
    } else {
      this.done.push({ ...step, at: now })
      if (this.done.length > MOST) this.done.shift()
    }
    this.undone = []
    this.update(null)
    await step.redo()
  }

  async undo() {
    const step = this.done.pop()
    if (!step) return
    this.undone.push(step)
    this.update({ kind: 'undone', what: step.what })
    await step.undo()
  }

  async redo() {
    const step = this.undone.pop()
    if (!step) return
    this.done.push({ ...step, at: 0 })
    this.update({ kind: 'redone', what: step.what })
    await step.redo()
  }

  private update(said: Undo['said']) {
    this.said = said
    this.canUndo = this.done.length > 0
    this.canRedo = this.undone.length > 0
  }
}
