import { createContext } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { Call, Dataset, ExperimentLine, Notice, Params, Result, RunSummary } from '../../core/contract.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { toErrorJson } from '../../core/errors.ts'
import type { UserErrorJson } from '../../core/errors.ts'
import type { Connection } from './client.ts'
import type { Host } from './connect.ts'
import { Importer } from './importer.svelte.ts'
import { LiveRun } from './liveRun.svelte.ts'
import { Place } from './place.svelte.ts'
import { settings } from './settings.svelte.ts'
import { Undo } from './undo.svelte.ts'

export type DatasetLine = Result<'data.list'>['datasets'][number]
export type MethodInfo = Result<'methods.list'>['methods'][number]
export type OpenExperiment = { line: ExperimentLine; spec: ExperimentSpec; runs: SvelteMap<string, RunSummary> }

/**
 * What the window knows of the lab: lists, the experiments that were opened, the runs that are alive. It asks once,
 * then follows the notices. Views read it and call its verbs; nothing else talks to the lab.
 */
export class LabStore {
  readonly host: Host
  readonly place = new Place()
  readonly undo = new Undo()
  readonly importer: Importer = new Importer(this)

  connection = $state<Connection>('connecting')
  info = $state.raw<Result<'lab.info'> | null>(null)
  ready = $state(false)
  datasets = $state.raw<DatasetLine[]>([])
  experiments = $state.raw<ExperimentLine[]>([])
  methods = $state.raw<MethodInfo[]>([])
  /** Faults that nobody asked for, newest last; the frame shows them until they are dismissed. */
  faults = $state.raw<UserErrorJson[]>([])
  runtimeChange = $state.raw<{ kind: string; why: string } | null>(null)

  /** Data sets and experiments that were opened in this window, by hash and id. */
  private readonly known = new SvelteMap<string, Dataset>()
  private readonly opened = new SvelteMap<string, OpenExperiment>()
  /** Not reactive itself: each run is. */
  private readonly live = new Map<string, LiveRun>()
  /** Runs whose earlier events are being read; true where newer ones came meanwhile. */
  private readonly catching = new Map<string, boolean>()
  /** Progress of imports by job. */
  readonly imports = new SvelteMap<string, { phase: string; done: number; of: number | null }>()

  readonly visible = $derived(this.experiments.filter((line) => !line.binned))
  readonly binned = $derived(this.experiments.filter((line) => line.binned))
  readonly active = $derived(
    this.visible.filter((line) => ['running', 'paused', 'queued'].includes(line.status)).sort(byQueue),
  )

  constructor(host: Host) {
    this.host = host
    host.client.on((notice) => this.notice(notice))
    host.client.onConnection((connection) => {
      const again = connection === 'open' && this.ready
      this.connection = connection
      if (connection === 'open') void this.refresh(again).catch((error) => this.fault(error))
    })
  }

  call<C extends Call>(name: C, params: Params<C>): Promise<Result<C>> {
    return this.host.client.call(name, params)
  }

  /** The same, where nobody waits for the answer: what goes wrong is shown by the frame. */
  tell<C extends Call>(name: C, params: Params<C>): void {
    this.call(name, params).catch((error) => this.fault(error))
  }

  fault(error: unknown) {
    this.faults = [...this.faults.slice(-2), toErrorJson(error)]
  }

  dismiss(fault: UserErrorJson) {
    this.faults = this.faults.filter((other) => other !== fault)
  }

  dataset(hash: string | null): Dataset | null {
    return (hash && this.known.get(hash)) || null
  }

  /** Asks for the data set unless it is known. */
  async openDataset(hash: string): Promise<Dataset> {
    const known = this.known.get(hash)
    if (known) return known
    return this.keepDataset(await this.call('data.get', { hash }))
  }

  keepDataset(dataset: Dataset): Dataset {
    this.known.set(dataset.hash, dataset)
    const { hash, name, addedAt, summary } = dataset
    const line = { hash, name, addedAt, rows: summary.rows, columns: summary.columns.length }
    this.datasets = [line, ...this.datasets.filter((other) => other.hash !== hash)]
    return dataset
  }

  /** Changes what is known of a data set and keeps its place in the list. */
  changeDataset(hash: string, change: Partial<Pick<Dataset, 'name' | 'roles'>>) {
    const known = this.known.get(hash)
    if (known) this.known.set(hash, { ...known, ...change })
    if (change.name === undefined) return
    const name = change.name
    this.datasets = this.datasets.map((line) => (line.hash === hash ? { ...line, name } : line))
  }

  experiment(id: string | null): OpenExperiment | null {
    return (id && this.opened.get(id)) || null
  }

  async openExperiment(id: string): Promise<OpenExperiment> {
    const { line, spec, runs } = await this.call('experiment.get', { id })
    this.keepLine(line)
    const open = { line, spec, runs: new SvelteMap(runs.map((run) => [run.id, run])) }
    this.opened.set(id, open)
    return open
  }

  /** The fold of a run's events; asking for it fetches what came before. */
  run(id: string): LiveRun {
    let run = this.live.get(id)
    if (!run) {
      run = new LiveRun(id)
      this.live.set(id, run)
      void this.catchUp(run)
    }
    return run
  }

  renameExperiment(line: ExperimentLine, name: string) {
    const set = (to: string) => {
      this.keepLine({ ...this.line(line.id, line), name: to })
      this.tell('experiment.rename', { id: line.id, name: to })
    }
    const before = line.name
    return this.undo.do({
      what: () => before,
      undo: () => set(before),
      redo: () => set(name),
      merge: `name ${line.id}`,
    })
  }

  /** To the bin and back; both can be undone. */
  bin(line: ExperimentLine, binned = true) {
    const set = (to: boolean) => {
      this.keepLine({ ...this.line(line.id, line), binned: to })
      this.tell('experiment.bin', { id: line.id, binned: to })
    }
    return this.undo.do({ what: () => line.name, undo: () => set(!binned), redo: () => set(binned) })
  }

  /** Another workspace: nothing of the old one stays on screen. */
  async openWorkspace(path: string) {
    try {
      await this.call('workspace.open', { path })
    } catch (error) {
      this.fault(error)
      return
    }
    this.known.clear()
    this.opened.clear()
    this.live.clear()
    this.place.go('data')
    await this.refresh(false)
  }

  private line(id: string, otherwise: ExperimentLine): ExperimentLine {
    return this.experiments.find((line) => line.id === id) ?? otherwise
  }

  private keepLine(line: ExperimentLine) {
    const at = this.experiments.findIndex((other) => other.id === line.id)
    this.experiments = at < 0 ? [line, ...this.experiments] : this.experiments.with(at, line)
    const open = this.opened.get(line.id)
    if (open) this.opened.set(line.id, { ...open, line })
  }

  private async refresh(again: boolean) {
    const [info, kept, data, experiments, methods] = await Promise.all([
      this.call('lab.info', {}),
      this.call('settings.get', {}),
      this.call('data.list', {}),
      this.call('experiment.list', {}),
      this.call('methods.list', {}),
    ])
    this.info = info
    settings.attach(kept.settings.window, (value) => this.tell('settings.set', { key: 'window', value }))
    this.datasets = data.datasets
    this.experiments = experiments.experiments
    this.methods = methods.methods
    this.ready = true
    if (!again) return
    await Promise.all([...this.opened.keys()].map((id) => this.openExperiment(id)))
    for (const run of this.live.values()) if (run.status === 'running') void this.catchUp(run)
  }

  private notice(notice: Notice) {
    switch (notice.type) {
      case 'import':
        this.imports.set(notice.job, { phase: notice.phase, done: notice.done, of: notice.of })
        break
      case 'events': {
        const run = this.live.get(notice.run)
        if (!run) break
        if (this.catching.has(run.id)) this.catching.set(run.id, true)
        else if (!run.take(notice.events)) void this.catchUp(run)
        break
      }
      case 'run':
        this.opened.get(notice.summary.experiment)?.runs.set(notice.summary.id, notice.summary)
        break
      case 'experiment':
        this.keepLine(notice.line)
        break
      case 'runtime':
        this.runtimeChange = notice
        if (this.info)
          this.info = { ...this.info, runtime: { ...this.info.runtime, kind: notice.kind, why: notice.why } }
        break
      case 'fault':
        this.faults = [...this.faults.slice(-2), notice.error]
    }
  }

  /** Reads the events that were missed, and once more where newer ones arrived meanwhile. */
  private async catchUp(run: LiveRun) {
    if (this.catching.has(run.id)) return
    try {
      for (let more = true; more;) {
        this.catching.set(run.id, false)
        const answer = await this.call('run.events', { run: run.id, since: run.next })
        run.take(answer.events)
        more = (answer.more && answer.events.length > 0) || this.catching.get(run.id) === true
      }
    } catch (error) {
      this.fault(error)
    } finally {
      this.catching.delete(run.id)
    }
  }
}

const ORDER = ['running', 'paused', 'queued']
const byQueue = (a: ExperimentLine, b: ExperimentLine) =>
  ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.createdAt.localeCompare(b.createdAt)

export const [useLab, provideLab] = createContext<LabStore>()
