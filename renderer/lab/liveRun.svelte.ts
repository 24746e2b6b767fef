import type { RunEvent } from '../../core/events.ts'
import type { UserErrorJson } from '../../core/errors.ts'

/** One drawn line: a metric of a split, over all tasks (task null) or of one. */
export type Curve = {
  name: string
  split: 'train' | 'inner' | 'test'
  task: string | null
  steps: number[]
  values: number[]
}

/** The fold of a run's events, as far as they came. Curves grow in place; `version` says when to draw again. */
export class LiveRun {
  readonly id: string
  done = $state(0)
  of = $state(0)
  status = $state<'running' | 'done' | 'stopped' | 'failed'>('running')
  error = $state.raw<UserErrorJson | null>(null)
  version = $state(0)
  /** The next event that is missing: what `run.events` is asked for `since`. */
  next = 0
  readonly curves = new Map<string, Curve>()

  constructor(id: string) {
    this.id = id
  }

  /** Takes events in order, those already seen left out. False where a gap shows that some were missed. */
  take(events: RunEvent[]): boolean {
    let grew = false
    for (const event of events) {
      if (event.seq < this.next) continue
      if (event.seq > this.next) {
        if (grew) this.version++
        return false
      }
      this.next = event.seq + 1
      grew = this.fold(event) || grew
    }
    if (grew) this.version++
    return true
  }

  private fold(event: RunEvent): boolean {
    switch (event.type) {
      case 'progress':
        this.done = event.done
        this.of = event.of
        return false
      case 'metric': {
        if (event.value === null) return false
        const key = `${event.name}|${event.split}|${event.task ?? ''}`
        let curve = this.curves.get(key)
        if (!curve) {
          curve = { name: event.name, split: event.split, task: event.task, steps: [], values: [] }
          this.curves.set(key, curve)
        }
        curve.steps.push(event.step)
        curve.values.push(event.value)
        return true
      }
      case 'end':
        this.status = event.status
        this.error = event.error ?? null
        return true
      default:
        return false
    }
  }
}
