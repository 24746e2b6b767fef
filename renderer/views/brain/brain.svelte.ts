import { rankWeights } from '../../../core/brain/diagram.ts'
import { drops } from '../../../core/brain/lesion.ts'
import type { Lesion, RunSummary } from '../../../core/contract.ts'
import type { NetworkView } from '../../../core/method.ts'
import { toErrorJson } from '../../../core/errors.ts'
import type { UserErrorJson } from '../../../core/errors.ts'
import { hasHiddenLayers, hasNetwork } from '../../lab/hasNetwork.ts'
import { latest } from '../../lab/latest.ts'
import type { LabStore, OpenExperiment } from '../../lab/store.svelte.ts'
import { toView } from '../../diagrams/weights.ts'
import { t } from '../../i18n/index.ts'

export type UnitId = { layer: string; unit: number }
/** Rising interest. */
const FAMILIES = ['baseline', 'classical', 'metalearning', 'multitask']
const same = (a: UnitId, b: UnitId) => a.layer === b.layer && a.unit === b.unit

/** One trained network on screen: which run, what is silenced, and what every task loses by that. */
export class BrainState {
  private readonly lab: LabStore
  private readonly loads = latest()
  private readonly measures = latest()

  network = $state.raw<NetworkView | null>(null)
  error = $state.raw<UserErrorJson | null>(null)
  lesion = $state.raw<Lesion | null>(null)
  measuring = $state(false)
  /** Of the run on screen. */
  experiment = $state<string | null>(null)
  loaded = $state<string | null>(null)

  readonly ranked = $derived(this.network && rankWeights(this.network))
  readonly silenced = $derived.by(() => parse(this.lab.place.params.silence))
  readonly runs = $derived.by((): RunSummary[] => {
    const open = this.lab.experiment(this.experiment)
    return open ? this.drawn(open) : []
  })
  readonly drops = $derived(this.lesion ? drops(this.lesion.perTask, this.lesion.better) : [])

  constructor(lab: LabStore) {
    this.lab = lab
  }

  /** Finds the run of the address, or the best one there is, and reads its network. */
  async load(id: string | null) {
    const stillAsked = this.loads()
    this.error = null
    if (id && id === this.loaded) return
    this.loaded = null
    this.network = null
    this.lesion = null
    try {
      const experiment = id && (await this.find(id))
      const run = id ?? (await this.propose())
      if (!run || !stillAsked()) return
      if (id === null) {
        if (this.lab.place.view === 'brain' && !this.lab.place.id) this.lab.place.go('brain', run)
        return
      }
      if (experiment) this.experiment = experiment
      this.loaded = id
      const network = toView(await this.lab.call('run.network', { run }))
      if (stillAsked()) this.network = network
    } catch (error) {
      if (stillAsked()) this.error = toErrorJson(error)
    }
  }

  /** The experiment of a run. */
  private async find(id: string): Promise<string | null> {
    for (const { id: experiment } of this.lab.experiments) {
      const open = this.lab.experiment(experiment) ?? (await this.lab.openExperiment(experiment))
      if (open.runs.has(id)) return experiment
    }
    return null
  }

  /** The network most worth seeing, of the newest experiment that has one. */
  private async propose(): Promise<string | null> {
    for (const line of this.lab.visible) {
      const run = this.best(this.lab.experiment(line.id) ?? (await this.lab.openExperiment(line.id)))
      if (run) return run.id
    }
    return null
  }

  /** Runs that are done and have a network. */
  private drawn(open: OpenExperiment): RunSummary[] {
    return [...open.runs.values()].filter(
      (run) => run.blobs.model !== null && hasNetwork(this.lab.methods, run.method.id),
    )
  }

  /** What is most worth seeing: hidden layers before a straight line, what shares before what does not, all rows before a fold. */
  best(open: OpenExperiment): RunSummary | null {
    const chosen = open.spec.methods.map((method) => method.id)
    const family = (run: RunSummary) => this.lab.methods.find((method) => method.id === run.method.id)?.family ?? ''
    const layered = (run: RunSummary) => hasHiddenLayers(this.lab.methods, run.method.id)
    const rank = (run: RunSummary) =>
      (layered(run) ? 10_000 : 0) +
      (FAMILIES.indexOf(family(run)) + 1) * 1000 +
      (run.fold === 'all' ? 100 : 0) +
      chosen.lastIndexOf(run.method.id)
    return this.drawn(open).reduce<RunSummary | null>(
      (best, run) => (best && rank(best) >= rank(run) ? best : run),
      null,
    )
  }

  /** Silences a unit, or gives it back; both can be undone. */
  toggle(unit: UnitId, name: string) {
    const before = this.silenced
    const after = before.some((other) => same(other, unit))
      ? before.filter((other) => !same(other, unit))
      : [...before, unit]
    this.set(before, after, name)
  }

  restoreAll() {
    this.set(this.silenced, [], t('brain.lesionSome', { n: this.silenced.length }))
  }

  private set(before: UnitId[], after: UnitId[], name: string) {
    const show = (units: UnitId[]) => this.lab.place.set({ silence: format(units) })
    void this.lab.undo.do({
      what: () => t('brain.undoWhat', { unit: name }),
      undo: () => show(before),
      redo: () => show(after),
    })
  }

  /** Asks what every task loses; the newest question wins. */
  async measure(run: string, silence: UnitId[]) {
    const stillAsked = this.measures()
    if (!silence.length) {
      this.lesion = null
      this.measuring = false
      return
    }
    this.measuring = true
    try {
      const lesion = await this.lab.call('run.lesion', { run, silence })
      if (stillAsked() && this.loaded === run) this.lesion = lesion
    } catch (error) {
      if (stillAsked()) this.error = toErrorJson(error)
    } finally {
      if (stillAsked()) this.measuring = false
    }
  }
}

/** "trunk1:3,trunk1:5"; layer names may hold colons themselves. */
function parse(text: string | undefined): UnitId[] {
  return (text ?? '')
    .split(',')
    .filter(Boolean)
    .map((part) => {
      const cut = part.lastIndexOf(':')
      return { layer: decodeURIComponent(part.slice(0, cut)), unit: Number(part.slice(cut + 1)) }
    })
    .filter(({ layer, unit }) => layer && Number.isInteger(unit) && unit >= 0)
}
function format(units: UnitId[]): string | undefined {
  return units.map(({ layer, unit }) => `${encodeURIComponent(layer)}:${unit}`).join(',') || undefined
}
