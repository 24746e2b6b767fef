import type { Runtime } from '../../../core/engine/runtime.ts'
import { referenceRuntime } from '../../../core/engine/reference.ts'
import { nativeRuntime } from './native.ts'
import type { SessionOptions } from './sessions.ts'
import { wasmRuntime } from './wasm.ts'

export type RuntimeKind = 'auto' | 'native' | 'wasm' | 'reference'
/** `reason` says in one line why the native runtime was not taken; null where it was, or was not asked for. */
export type Opened = { runtime: Runtime; reason: string | null }

type Make = (options: SessionOptions) => Promise<Runtime>
type Makers = { native: Make; wasm: Make }

/** `auto` and `native` fall back to WebAssembly where the native runtime cannot be loaded, and say so. */
export async function openRuntime(
  kind: RuntimeKind,
  options: SessionOptions = {},
  make: Makers = { native: nativeRuntime, wasm: wasmRuntime },
): Promise<Opened> {
  if (kind === 'reference') return { runtime: referenceRuntime(), reason: null }
  if (kind === 'wasm') return { runtime: await make.wasm(options), reason: null }
  try {
    return { runtime: await make.native(options), reason: null }
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0]
    const reason = `The native runtime cannot be loaded (${why}); the WebAssembly runtime is used, which is slower.`
    return { runtime: await make.wasm(options), reason }
  }
}
