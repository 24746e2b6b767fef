import type { Roles } from '../data/roles.ts'
import type { Evaluation, MethodChoice, Tune } from '../experiment.ts'

/**
 * A ready experiment on a data set that others have published figures for. Only permissively licensed sets ship with
 * the app; of the others a template names file, content hash and source, and asks for a drop.
 */
export type Template = {
  /** Stable, kebab-case: what `engram run` names. */
  id: string
  /** English; the catalogue's keys `template.<id>` and `template.<id>.question` translate them. */
  title: string
  question: string
  data: TemplateFile
  roles: Partial<Roles>
  methods: readonly (Pick<MethodChoice, 'id'> & Partial<MethodChoice>)[]
  evaluation?: Partial<Evaluation>
  metrics?: readonly string[]
  /** Where parameters that nobody set are to be looked for. */
  tune?: Partial<Tune>
}

export type TemplateFile = {
  file: string
  /** `Table.hash` of its columns as they are read without any setting. */
  hash: string
  rows: number
  /** Where it is published, and the work to cite. */
  source: string
}
