import type { Runtime } from '../../../core/engine/runtime.ts'
import { ortRuntime, type SessionOptions } from './sessions.ts'

/**
 * Native ONNX Runtime, one thread. Load it in a process's main thread before any worker does, and never end a worker
 * in the middle of a run: both abort the process.
 */
export async function nativeRuntime(options: SessionOptions = {}): Promise<Runtime> {
  const { default: ort } = await import('onnxruntime-node')
  const version = ort.env.versions.node ?? ort.env.versions.common
  return ortRuntime(
    'native',
    `onnxruntime-node ${version}`,
    {
      create: (model) =>
        ort.InferenceSession.create(model, {
          executionProviders: ['cpu'],
          intraOpNumThreads: 1,
          interOpNumThreads: 1,
          executionMode: 'sequential',
          graphOptimizationLevel: 'all',
          logSeverityLevel: 3,
        }),
      tensor: (type, data, dims) => new ort.Tensor(type, data as never, dims),
    },
    options,
  )
}
