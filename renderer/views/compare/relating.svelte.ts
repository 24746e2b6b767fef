import type { Plan } from '../../../core/contract.ts'
import { toErrorJson } from '../../../core/errors.ts'
import type { UserErrorJson } from '../../../core/errors.ts'
import type { ExperimentSpec, RelationsSpec } from '../../../core/experiment.ts'
import { relationsSpec } from '../../../core/relations/propose.ts'
import type { Relations } from '../../../core/relations/relations.ts'
import type { JsonSchema } from '../../form/fields.ts'
import { t } from '../../i18n/index.ts'
import { latest } from '../../lab/latest.ts'
import type { LabStore } from '../../lab/store.svelte.ts'

/** Relations that still grow are asked for again no more often than this. */
const EVERY_MS = 3000

/** What is known of the relations between tasks of one experiment, and what measuring (more) would cost. */
export class Relating {
  private readonly lab: LabStore
  private asked = ''
  private timer: ReturnType<typeof setTimeout> | undefined
  private last = 0
  private readonly quotes = latest()

  found = $state.raw<Relations | null>(null)
  /** The lab has answered. */
  known = $state(false)
  error = $state.raw<UserErrorJson | null>(null)
  /** What was quoted: the spec that would run, and its plan. */
  quoted = $state.raw<{ spec: ExperimentSpec; plan: Plan } | null>(null)
  starting = $state(false)

  constructor(lab: LabStore) {
    this.lab = lab
  }

  /** `grown` changes as trials finish. */
  load(id: string, method: string | undefined, grown: number) {
    const key = JSON.stringify([id, method])
    const fresh = key !== this.asked
    clearTimeout(this.timer)
    const wait = fresh || grown === 0 ? 0 : Math.max(0, this.last + EVERY_MS - performance.now())
    if (fresh) {
      this.found = null
      this.known = false
    }
    this.asked = key
    this.timer = setTimeout(() => void this.ask(key, id, method), wait)
  }

  private async ask(key: string, id: string, method: string | undefined) {
    this.last = performance.now()
    try {
      const { relations } = await this.lab.call('experiment.relations', { id, method })
      if (key !== this.asked) return
      this.found = relations
      this.known = true
      this.error = null
    } catch (error) {
      if (key === this.asked) this.error = toErrorJson(error)
    }
  }

  /** Asks what it costs to measure the relations of these methods of a spec. */
  async quote(given: ExperimentSpec, keep: (id: string) => boolean, designs: RelationsSpec['designs']) {
    const stillAsked = this.quotes()
    this.quoted = null
    const name = t('relations.name', { name: given.name })
    const methods = given.methods.filter(({ id }) => keep(id))
    const watchable = (id: string) =>
      'watchConflict' in
      ((this.lab.methods.find((m) => m.id === id)?.schema as JsonSchema | undefined)?.properties ?? {})
    const spec = { ...relationsSpec({ ...given, methods }, { designs }, watchable), name: name.slice(0, 200) }
    try {
      const plan = await this.lab.call('experiment.plan', { spec })
      if (!stillAsked()) return
      this.quoted = { spec, plan }
      this.error = null
    } catch (error) {
      if (stillAsked()) this.error = toErrorJson(error)
    }
  }

  /** Starts what was quoted; the id of the new experiment, or null. */
  async start(): Promise<string | null> {
    if (!this.quoted || this.starting) return null
    const { spec, plan } = this.quoted
    this.starting = true
    try {
      const { id } = await this.lab.call('experiment.run', { spec, confirmed: plan.relations?.fits })
      return id
    } catch (error) {
      this.error = toErrorJson(error)
      return null
    } finally {
      this.starting = false
    }
  }

  stop() {
    clearTimeout(this.timer)
  }
}
