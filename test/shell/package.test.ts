import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { built, ROOT } from './built.ts'

/**
 * Packages the app as `electron-builder --dir` does, around a made-up Electron (its binary may be out of reach), and
 * looks at what would be installed. What the packaged bundles need is there if they run from it, under plain Node.
 */
const linux = process.platform === 'linux' && process.arch === 'x64'

describe.skipIf(!linux)(`the package${linux ? '' : ' (skipped: made and looked at on Linux x64 only)'}`, () => {
  let folder: string
  let app: string
  let list: string[]
  let unpacked: string[]

  beforeAll(async () => {
    await built('shell', 'page')
    folder = await mkdtemp(join(tmpdir(), 'engram-package-test-'))
    const electron = join(folder, 'electron')
    await mkdir(join(electron, 'resources'), { recursive: true })
    await mkdir(join(electron, 'locales'))
    await writeFile(join(electron, 'LICENSE'), 'Electron')
    await writeFile(join(electron, 'LICENSES.chromium.html'), 'Chromium')
    // The fuse wire of a fresh binary: a sentinel, version 1, nine fuses.
    const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
    await writeFile(join(electron, 'electron'), `binary ${sentinel}\u0001\u0009${'0'.repeat(9)} binary`)
    await chmod(join(electron, 'electron'), 0o755)
    execFileSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/electron-builder/cli.js'),
        ...['--dir', '--linux', '--x64'],
        `-c.electronDist=${electron}`,
        `-c.directories.output=${join(folder, 'dist')}`,
      ],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    app = join(folder, 'dist', 'linux-unpacked')
    list = listPackage(join(app, 'resources/app.asar'), { isPack: false }).map((path) => path.slice(1))
    unpacked = files(join(app, 'resources/app.asar.unpacked'))
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('the archive holds page, preload and main; nothing of ours is missing', () => {
    expect(list).toEqual(
      expect.arrayContaining([
        'package.json',
        'out/main/main.js',
        'out/main/cli.js',
        'out/main/lab-process.js',
        'out/preload/preload.cjs',
        'out/renderer/index.html',
      ]),
    )
    for (const inside of ['out/main/main.js', 'out/preload/preload.cjs', 'out/renderer/index.html'])
      expect(unpacked).not.toContain(inside)
  })

  test('workers, what they import, and native parts are outside the archive', () => {
    expect(unpacked).toEqual(expect.arrayContaining(['out/main/worker.js', 'out/main/reader.js']))
    const chunks = list.filter((path) => path.startsWith('out/main/chunk-'))
    expect(chunks.length).toBeGreaterThan(0)
    expect(unpacked).toEqual(expect.arrayContaining(chunks))
    const native = list.filter(
      (path) => /\.(node|so[.\d]*|dylib|dll|wasm)$/.test(path) && path.includes('node_modules'),
    )
    expect(unpacked).toEqual(expect.arrayContaining(native))
    expect(native.map((path) => path.replace('node_modules/', '')).sort()).toEqual([
      '@duckdb/node-bindings-linux-x64/duckdb.node',
      '@duckdb/node-bindings-linux-x64/libduckdb.so',
      '@napi-rs/nice-linux-x64-gnu/nice.linux-x64-gnu.node',
      'better-sqlite3/prebuilds/linux-x64.node',
      'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
      'onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node',
      'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
    ])
  })

  test('no other platform, no development dependency, no docs, tests or sources', () => {
    const packages = new Set(
      list
        .filter((p) => /^node_modules\/(@[^/]+\/)?[^/]+\/./.test(p))
        .map((p) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(p)?.[1]),
    )
    expect([...packages].sort()).toEqual([
      '@duckdb/node-api',
      '@duckdb/node-bindings',
      '@duckdb/node-bindings-linux-x64',
      '@napi-rs/nice',
      '@napi-rs/nice-linux-x64-gnu',
      'better-sqlite3',
      'onnxruntime-common',
      'onnxruntime-node',
      'onnxruntime-web',
      'piscina',
      'vega-datasets',
    ])
    // Scripts that choose among platforms may name others; nothing else of them may be there.
    const foreign = list.filter((path) => /darwin|win32|musl|arm64|android|freebsd/.test(path) && !path.endsWith('.js'))
    expect(foreign).toEqual([])
    const extra = list.filter((path) =>
      /\.(ts|map|md|c|h|cpp)$|\/(docs?|test|tests|examples?|benchmarks?)(\/|$)/.test(path),
    )
    expect(extra).toEqual([])
    for (const name of ['cars', 'penguins', 'barley'])
      expect(list).toContain(`node_modules/vega-datasets/data/${name}.json`)
  })

  test('our parts keep to the budget of 150 MB', () => {
    const resources = join(app, 'resources')
    const bytes = files(resources).reduce((sum, path) => sum + statSync(join(resources, path)).size, 0)
    expect(bytes).toBeGreaterThan(100e6)
    expect(bytes).toBeLessThan(150e6)
  })

  test('the fuses are set as the decision says', async () => {
    const wire = await getCurrentFuseWire(join(app, 'engram-desktop'))
    const on = (fuse: FuseV1Options) => wire[fuse] === FuseState.ENABLE
    expect({
      runAsNode: on(FuseV1Options.RunAsNode),
      cookies: on(FuseV1Options.EnableCookieEncryption),
      nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: on(FuseV1Options.EnableNodeCliInspectArguments),
      integrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: on(FuseV1Options.OnlyLoadAppFromAsar),
      fileProtocol: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
    }).toEqual({
      runAsNode: true,
      cookies: true,
      nodeOptions: false,
      inspect: false,
      integrity: true,
      onlyAsar: true,
      fileProtocol: false,
    })
  })

  test('the installed command and the file association are there', async () => {
    const command = await readFile(join(app, 'resources/bin/engram'), 'utf8')
    expect(command).toContain('ELECTRON_RUN_AS_NODE=1 exec "$here/../../engram-desktop"')
    expect(statSync(join(app, 'resources/bin/engram')).mode & 0o111).not.toBe(0)
    const config = await readFile(join(ROOT, 'electron-builder.yml'), 'utf8')
    expect(config).toMatch(/fileAssociations:\n {2}- ext: engram\n/)
    for (const target of ['nsis', 'dmg', 'AppImage', 'deb', 'zip'])
      expect(config).toMatch(new RegExp(`target: .*${target}`))
  })

  test('the packaged bundles run: a file is read, a model trained, in threads and processes of the package', async () => {
    const inside = join(folder, 'inside')
    extractAll(join(app, 'resources/app.asar'), inside)
    await cp(join(app, 'resources/app.asar.unpacked'), inside, { recursive: true })
    // Nothing of the checkout may be found from there.
    expect(inside.startsWith(ROOT)).toBe(false)
    await writeFile(
      join(folder, 'd.csv'),
      `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},${2 * i + (i % 3)}`).join('\n')}\n`,
    )
    const spec = {
      data: { file: 'd.csv', roles: { targets: ['y'] } },
      methods: [{ id: 'ridge' }],
      evaluation: { folds: 2 },
      metrics: ['rmse'],
    }
    await writeFile(join(folder, 'spec.json'), JSON.stringify(spec))
    for (const runtime of ['native', 'wasm']) {
      const out = execFileSync(
        process.execPath,
        [
          join(inside, 'out/main/cli.js'),
          'run',
          join(folder, 'spec.json'),
          '--json',
          '--workers',
          '1',
          '--runtime',
          runtime,
        ],
        { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      )
      const document = JSON.parse(out)
      expect(document.status).toBe('done')
      expect(document.trials.every((trial: { status: string }) => trial.status === 'done')).toBe(true)
      expect(document.summary.find((s: { method: string }) => s.method === 'ridge').mean).toBeLessThan(2)
    }
  })
})

function files(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  )
}
