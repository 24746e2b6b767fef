import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Shelf, StoredProgram } from '../../core/engine/programCache.ts'
import { pack, take, unpack } from '../../core/pack.ts'
import { shared } from './shared.ts'
import type { Kept } from './workspace/programs.ts'
import type { Workspace } from './workspace/workspace.ts'

/**
 * The programs of a workspace, kept for every worker and for the next time it is opened. Workers never touch the
 * database: each flight brings what is there (in shared memory, so that it costs nothing), and what a worker had to
 * build comes back with what it says.
 */
export class ProgramShelf {
  private readonly workspace: Workspace
  private kept: Map<string, Kept> | null = null

  constructor(workspace: Workspace) {
    this.workspace = workspace
  }

  all(): Kept[] {
    return [...this.read().values()]
  }

  /** Puts programs on the shelf; `save` inside a transaction. */
  add(fresh: Kept[]): { save(): void } {
    const all = this.read()
    const added = fresh.filter(({ recipe }) => !all.has(recipe))
    for (const { recipe, bytes } of added) all.set(recipe, { recipe, bytes: shared(bytes) })
    return { save: () => added.forEach((one) => this.workspace.programs.add(codeHash(), one)) }
  }

  private read(): Map<string, Kept> {
    this.kept ??= new Map(
      this.workspace.programs.of(codeHash()).map(({ recipe, bytes }) => [recipe, { recipe, bytes: shared(bytes) }]),
    )
    return this.kept
  }
}

const Port = z.object({
  name: z.string(),
  shape: z.array(z.union([z.int(), z.string()])),
  dtype: z.enum(['float', 'int64', 'bool']),
})
const Heading = z.object({ key: z.string(), inputs: z.array(Port), outputs: z.array(Port) })

export function packProgram({ recipe, key, inputs, outputs, onnx }: StoredProgram): Kept {
  return { recipe, bytes: pack({ key, inputs, outputs }, { onnx }) }
}

/** The worker's side: what the lab handed over, unpacked when it is asked for. What cannot be read is built anew. */
export function shelfOf(kept: Kept[]): Shelf {
  const places = new Map(kept.map((one) => [one.recipe, one.bytes]))
  return (recipe) => {
    const bytes = places.get(recipe)
    if (!bytes) return null
    try {
      // Shared memory is copied: nothing that reads programs takes it.
      const packed = unpack(bytes.slice())
      return { recipe, ...Heading.parse(packed.header), onnx: take(packed, 'onnx', 'u8') }
    } catch {
      return null
    }
  }
}

/**
 * Names the code that builds programs: of the bundle its files (their names hold the hashes of what they contain), from
 * the sources everything in core/. Any change to either makes what was kept a stranger's.
 */
let code: string | null = null
function codeHash(): string {
  if (code) return code
  const digest = createHash('sha256')
  const here = fileURLToPath(import.meta.url)
  const fromSource = here.endsWith('.ts')
  const folder = fromSource ? path.resolve(path.dirname(here), '../../core') : path.dirname(here)
  const names = fs.readdirSync(folder, { recursive: fromSource }).map(String)
  for (const name of names.filter((each) => each.endsWith(fromSource ? '.ts' : '.js')).sort())
    digest.update(`${name}\n`).update(fs.readFileSync(path.join(folder, name)))
  return (code = digest.digest('hex').slice(0, 32))
}
