import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { canonicalJson } from '../canonicalJson.ts'
import type { ExperimentSpec } from '../experiment.ts'

/** What a result depends on, each as a hash or a name, and one hash over all of it. */
export type Fingerprint = { all: string; data: string; spec: string; runtime: string; version: string }

const hash = (value: unknown) => bytesToHex(sha256(utf8ToBytes(canonicalJson(value))))

/** `dataHash` is `Table.hash`; where the data has a hash, the name of its file does not count, nor does the spec's name. */
export function fingerprintOf(c: {
  dataHash: string
  spec: ExperimentSpec
  runtime: string
  version: string
}): Fingerprint {
  const { name: _, data, ...rest } = c.spec
  const { generator, params, roles } = data
  const spec = hash({ ...rest, data: { generator, params, roles } })
  const parts = { data: c.dataHash, spec, runtime: c.runtime, version: c.version }
  return { ...parts, all: hash(parts) }
}
