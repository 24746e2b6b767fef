import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Runtime } from '../../../core/engine/runtime.ts'
import { ortRuntime, type SessionOptions } from './sessions.ts'

/**
 * The WebAssembly build of ONNX Runtime, one thread, fixed-width SIMD only (relaxed SIMD may round differently on
 * another processor): the same bits everywhere.
 */
export async function wasmRuntime(options: SessionOptions = {}): Promise<Runtime> {
  const ort = await import('onnxruntime-web/wasm')
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'))
  ort.env.wasm.numThreads = 1
  ort.env.wasm.simd = 'fixed'
  ort.env.wasm.proxy = false
  ort.env.wasm.wasmBinary = await readFile(join(folder, 'ort-wasm-simd-threaded.wasm'))
  ort.env.logLevel = 'error'
  const version = ort.env.versions.web ?? ort.env.versions.common
  return ortRuntime(
    'wasm',
    `onnxruntime-web ${version}`,
    {
      create: (model) =>
        ort.InferenceSession.create(model, {
          executionProviders: ['wasm'],
          executionMode: 'sequential',
          graphOptimizationLevel: 'all',
          logSeverityLevel: 3,
        }),
      tensor: (type, data, dims) => new ort.Tensor(type, data as never, dims),
    },
    options,
  )
}
