import type { Program } from './runtime.ts'

/**
 * Programs by recipe. Building a graph, its gradients and its simplification takes 10 to 800 ms, more than a small
 * training; a recipe says in a few words what would be built (which program, and every number of the plan that decides
 * its shape), so that an equal one is built once: in this process, and through the shelf in any process that runs the
 * same code.
 */
export type Recipe = readonly [name: string, ...shape: unknown[]]
/** A program without its graph: what is worth keeping between processes. */
export type StoredProgram = Pick<Program, 'key' | 'inputs' | 'outputs'> & { recipe: string; onnx: Uint8Array }
/** Programs that were built elsewhere; null where this one was not. */
export type Shelf = (recipe: string) => StoredProgram | null

/** Programs kept in memory; the longest unused goes first. */
const MOST = 256
const known = new Map<string, Program>()
let shelf: Shelf = () => null
let fresh: { recipe: string; program: Program }[] = []
let built = 0

/** The program of a recipe: kept, from the shelf, or built by `make`, which must depend on the recipe alone. */
export function programOf(recipe: Recipe, make: () => Program): Program {
  const text = JSON.stringify(recipe)
  const program = known.get(text) ?? fromShelf(text, make) ?? build(text, make)
  known.delete(text)
  known.set(text, program)
  if (known.size > MOST) known.delete(known.keys().next().value as string)
  return program
}

function build(recipe: string, make: () => Program): Program {
  const program = make()
  built++
  fresh.push({ recipe, program })
  if (fresh.length > MOST) fresh.shift()
  return program
}

function fromShelf(recipe: string, make: () => Program): Program | null {
  const stored = shelf(recipe)
  if (!stored) return null
  const { key, inputs, outputs, onnx } = stored
  // Only the reference runtime and people who look at it need the graph itself.
  let whole: Program | null = null
  const graph = () => (whole ??= build(recipe, make))
  return {
    key,
    inputs,
    outputs,
    onnx: () => onnx,
    text: () => graph().text(),
    get graph() {
      return graph().graph
    },
  }
}

/** From now on programs are looked for there before they are built. */
export function useShelf(from: Shelf): void {
  shelf = from
}

/** What was built since this was last asked, for the shelf. */
export function takeFresh(): StoredProgram[] {
  const taken = fresh
  fresh = []
  return taken.map(({ recipe, program }) => {
    const { key, inputs, outputs } = program
    return { recipe, key, inputs, outputs, onnx: program.onnx() }
  })
}

/** How many graphs this thread has built. */
export const graphsBuilt = (): number => built
