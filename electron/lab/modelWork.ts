import type { Runtime } from '../../core/engine/runtime.ts'
import type { Model } from '../../core/method.ts'
import { readModel, type ModelAbout } from '../../core/saved.ts'
import { adaptTo } from './adapt.ts'
import { lookInside } from './innerLoop.ts'
import { lesion, service } from './lesions.ts'
import { predictRows } from './newRows.ts'
import type { RuntimeKind } from './pool.ts'

/** A trained model as it is used on a thread: `key` names its bytes. */
export type Subject = { about: ModelAbout; model: Model; methodKey: string; key: string }

/** What is asked of a trained model that takes up to seconds: on the thread that compares, so that the lab answers on. */
const WORKS = { predict: predictRows, adapt: adaptTo, lesion, service, innerLoop: lookInside }
type Works = typeof WORKS
export type Work = keyof Works
export type Wanted<W extends Work> = Parameters<Works[W]>[1]
export type Done<W extends Work> = Awaited<ReturnType<Works[W]>>
/** `bytes` are sent where the thread does not know the model yet. */
export type WorkOrder<W extends Work = Work> = {
  work: W
  wanted: Wanted<W>
  key: string
  methodKey: string
  runtime: RuntimeKind
  bytes: Uint8Array | null
}
export type WorkAnswer<W extends Work = Work> = { done: Done<W> } | { missing: true }

/** The model that was used last: a person who clicks through its units asks for it again and again. */
let last: { key: string; kind: RuntimeKind; about: ModelAbout; model: Model } | null = null

export async function workWith<W extends Work>(
  { work, wanted, key, methodKey, bytes }: WorkOrder<W>,
  runtime: Runtime,
): Promise<WorkAnswer<W>> {
  const known = last?.key === key && last.kind === runtime.kind
  if (!known && !bytes) return { missing: true }
  if (!known) last = { key, kind: runtime.kind, ...readModel(bytes!, runtime) }
  const { about, model } = last!
  const run = WORKS[work] as (subject: Subject, wanted: Wanted<W>) => Done<W> | Promise<Done<W>>
  return { done: await run({ about, model, methodKey, key }, wanted) }
}
