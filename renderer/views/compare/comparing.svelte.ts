import { toErrorJson } from '../../../core/errors.ts'
import type { UserErrorJson } from '../../../core/errors.ts'
import type { Comparison } from '../../../core/stats/comparison.ts'
import { tOr } from '../../i18n/index.ts'
import type { LabStore } from '../../lab/store.svelte.ts'
import { taskOrder } from '../../lab/taskOrder.ts'
import { pairsOf, SORTS } from './pictures.ts'
import type { Sort } from './pictures.ts'

export const TABS = ['tasks', 'methods', 'heat', 'relations', 'shots', 'rows', 'curves', 'runs'] as const
export type Tab = (typeof TABS)[number]
/** Where tasks are tested that were never trained on, there is nothing to relate. */
const NEW_TASKS = ['new-task', 'few-shot']
/** A comparison that is still growing is asked for again no more often than this. */
const EVERY_MS = 3000

/** Which experiments are compared and how: all of it stands in the address, so it can be linked and restored. */
export class Comparing {
  private readonly lab: LabStore
  private asked = ''
  private timer: ReturnType<typeof setTimeout> | undefined
  private last = 0

  private answer = $state.raw<Comparison | null>(null)
  error = $state.raw<UserErrorJson | null>(null)

  readonly id = $derived.by(() => {
    const { place, visible } = this.lab
    return place.view === 'compare' && place.id ? place.id : ((visible.find(hasResults) ?? visible[0])?.id ?? null)
  })
  readonly with = $derived.by(() => (this.lab.place.params.with ?? '').split(',').filter(Boolean))
  readonly ids = $derived.by(() => (this.id ? [this.id, ...this.with.filter((other) => other !== this.id)] : []))
  readonly lines = $derived.by(() =>
    this.ids.flatMap((id) => this.lab.experiments.find((line) => line.id === id) ?? []),
  )
  readonly metric = $derived.by(() => this.lab.place.params.metric)
  readonly baseline = $derived.by(() => this.lab.place.params.baseline)
  readonly sort = $derived.by((): Sort => oneOf(SORTS, this.lab.place.params.sort))
  readonly task = $derived.by(() => this.lab.place.params.task ?? null)
  /** With the methods' names in the person's language, unless they were named by hand. */
  readonly comparison = $derived.by((): Comparison | null => {
    return this.answer && this.inWords(this.answer)
  })
  /** Made-up test tasks have no names: nothing can be said task by task. */
  readonly tabs = $derived.by(() => {
    const nameless = this.comparison?.tasks.length === 0
    const shots = this.lab.experiment(this.id)?.spec.evaluation
    const hasShots = shots?.protocol === 'few-shot' && shots.shotCurve.length > 0
    const hasRows = shots !== undefined && shots.protocol !== 'few-shot' && shots.rowCurve.length > 0
    const related = (this.comparison?.tasks.length ?? 0) > 1 && !NEW_TASKS.includes(shots?.protocol ?? '')
    return TABS.filter((tab) => {
      if (tab === 'shots') return hasShots
      if (tab === 'rows') return hasRows
      if (tab === 'relations') return related
      return !nameless || (tab !== 'tasks' && tab !== 'heat')
    })
  })
  readonly tab = $derived.by(() => oneOf(this.tabs, this.lab.place.params.tab))
  /** Place of every task among all of its experiment, for its colour. */
  readonly places = $derived.by(() => {
    const known = taskOrder(this.lab.experiment(this.id))
    const all = new Set([...known, ...(this.comparison?.tasks ?? []).map((task) => task.id)])
    return new Map([...all].map((id, i) => [id, i] as const))
  })
  readonly pairs = $derived.by(() => (this.comparison ? pairsOf(this.comparison) : []))

  constructor(lab: LabStore) {
    this.lab = lab
  }

  /** With the methods' names in the person's language. */
  inWords(answer: Comparison): Comparison {
    const names = new Map(this.lab.methods.map((method) => [method.id, method.name]))
    const inWords = (m: Comparison['methods'][number]) =>
      m.label === names.get(m.id) || m.label === m.id ? tOr(`method.${m.id}`, m.label) : m.label
    const methods = answer.methods.map((m) => ({ ...m, label: inWords(m) }))
    // Warnings name methods as the lab knows them.
    const said = new Map(answer.methods.flatMap((m, i) => [m.key, m.label].map((own) => [own, methods[i].label])))
    const warnings = answer.warnings.map((w) =>
      w.params?.method === undefined
        ? w
        : { ...w, params: { ...w.params, method: said.get(String(w.params.method)) ?? w.params.method } },
    )
    return { ...answer, methods, warnings }
  }

  set(params: {
    metric?: string
    baseline?: string
    tab?: Tab
    sort?: Sort
    task?: string
    with?: string
    method?: string
  }) {
    this.lab.place.set(params)
  }

  /** Asks for what the address says; `grown` changes as trials finish. */
  load(question: { ids: string[]; metric?: string; baseline?: string }, grown: number) {
    const key = JSON.stringify(question)
    const fresh = key !== this.asked
    clearTimeout(this.timer)
    if (!question.ids.length) return
    const wait = fresh ? 0 : Math.max(0, this.last + EVERY_MS - performance.now())
    if (fresh) this.answer = null
    this.asked = key
    this.timer = setTimeout(() => void this.ask(key, question), grown === 0 && !fresh ? EVERY_MS : wait)
  }

  private async ask(key: string, question: { ids: string[]; metric?: string; baseline?: string }) {
    this.last = performance.now()
    try {
      const [comparison] = await Promise.all([
        this.lab.call('experiment.compare', question),
        ...question.ids.map((id) => this.lab.experiment(id) ?? this.lab.openExperiment(id)),
      ])
      if (key !== this.asked) return
      this.answer = comparison
      this.error = null
    } catch (error) {
      if (key === this.asked) this.error = toErrorJson(error)
    }
  }

  stop() {
    clearTimeout(this.timer)
  }
}

const hasResults = (line: { trials: { done: number } }) => line.trials.done > 0
const oneOf = <V extends string>(values: readonly V[], value: string | undefined): V =>
  values.includes(value as V) ? (value as V) : values[0]
