import { writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { FileRef, Lab, Params, Result } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import { defaultWorkspace } from '../places.ts'
import type { Uploads } from '../web/uploads.ts'
import type { ClosableLab } from '../web.ts'
import { serveLab } from '../web.ts'
import { comparisonText } from '../../core/report/text.ts'
import { runBothWays } from './bothWays.ts'
import { check } from './check.ts'
import { curvesOf, curveText } from './curves.ts'
import { demo } from './demo.ts'
import { deviationsText } from './deviations.ts'
import { describe } from './describe.ts'
import type { DescribeOptions } from './describe.ts'
import { innerText } from './inner.ts'
import { list, WHAT } from './list.ts'
import type { Status, Streams } from './output.ts'
import { BAD_INPUT, DONE, FAILED, Output } from './output.ts'
import { runDocument, runToEnd, specOf } from './run.ts'
import { relationsCommand } from './relations.ts'
import type { RelationsOptions } from './relations.ts'
import type { LabOptions } from './session.ts'
import { fetchBlob, fileRefs, withLab } from './session.ts'
import { readRoles } from './spec.ts'
import { textTable } from './table.ts'

/**
 * The command line. Every command is a thin translation to calls of the lab; `make` starts one (tests give a fake).
 * Resolves to the exit status: 0 done, 1 failed, 2 bad input.
 */
export type Host = {
  make(options: LabOptions & { host: 'cli' | 'browser'; uploads?: Uploads }): Promise<ClosableLab>
  streams: Streams
  version: string
}

export async function runCommandLine(args: string[], host: Host): Promise<Status> {
  let status: Status = DONE
  const output = new Output(host.streams, args.includes('--json'))
  const program = build(host, output, (result) => (status = result))
  try {
    await program.parseAsync(args, { from: 'user' })
    return status
  } catch (error) {
    if (!(error instanceof CommanderError)) return output.failure(error)
    if (error.exitCode === 0) return DONE
    // commander has already told people; scripts get the same as a document.
    if (output.json) output.failure(usage(error))
    return BAD_INPUT
  }
}

const usage = (error: CommanderError) =>
  new UserError({
    code: 'bad-usage',
    who: 'engram',
    rule: 'takes the arguments that `engram help COMMAND` lists.',
    got: error.message.replace(/^error: /, ''),
    remedy: 'Correct the command.',
  })

type Common = { workspace: string; workers?: number; runtime?: LabOptions['runtime'] }

function build(host: Host, output: Output, finish: (status: Status) => void): Command {
  const program = new Command('engram')
  program
    .description('An offline lab for multi-task learning and meta-learning on your own tables')
    .version(host.version)
    .exitOverride()
    .configureOutput({ writeOut: host.streams.out, writeErr: (text) => output.json || host.streams.err(text) })
    .showHelpAfterError('(engram help COMMAND shows what it takes)')

  const command = (usageText: string, about: string) =>
    program.command(usageText).description(about).option('--json', 'one JSON document on standard output')
  const withWorkspace = (usageText: string, about: string) =>
    command(usageText, about).requiredOption('-w, --workspace <file>', 'the workspace, an .engram file')
  const make = (options: LabOptions) => host.make({ ...options, host: 'cli' })
  const workers = new Option('--workers <n>', 'trials at the same time').argParser(count(1, 256))
  const runtime = new Option('--runtime <kind>', 'what computes').choices(['native', 'wasm', 'reference'])

  withWorkspace('import <file...>', 'read files (several together: ARFF + XML) into a workspace')
    .option('--roles <file>', 'JSON file that says what each column is for')
    .action(async (files: string[], options: Common & { roles?: string }) => {
      const roles = options.roles ? await readRoles(options.roles, 'engram import --roles') : null
      await withLab(make, options, async (lab) => {
        const dataset = await openData(lab, files, output)
        if (roles) await lab.call('data.setRoles', { hash: dataset.hash, roles })
        const { rows, columns, warnings } = dataset.summary
        const table = textTable(
          ['column', 'kind', 'missing', 'distinct'],
          columns.map((c) => [c.name, c.kind, String(c.missing), `${c.distinctExact ? '' : '> '}${c.distinct}`]),
        )
        const lines = [`${dataset.name}: ${rows} rows, ${columns.length} columns (${dataset.hash})`, '', table]
        for (const warning of warnings) lines.push(`Note: ${warning.text}`)
        output.result({ ...dataset, roles: roles ?? dataset.roles }, lines.join('\n'))
      })
    })

  command('check <file...>', 'look a table over before training: copies, keys, confounding, drift')
    .option('--roles <file>', 'JSON file that says what each column is for (default: as proposed)')
    .option('-w, --workspace <file>', 'keep the table in this workspace (default: a temporary one)')
    .action((files: string[], options: Common & { roles?: string }) =>
      withLab(make, options, async (lab) => check(lab, await openData(lab, files, output), options.roles, output)),
    )

  command('list <what>', `list ${WHAT.join(', ')}`)
    .option('-w, --workspace <file>', 'the workspace (datasets and runs need it)')
    .action((what: string, options: Common) => list(what, options, make, output))

  command('run <spec>', 'run an experiment: a spec as JSON file, or the name of a template')
    .option('-w, --workspace <file>', 'keep it in this workspace (default: a temporary one)')
    .option('--both-ways', 'with rows at random and with groups whole, side by side')
    .addOption(workers)
    .addOption(runtime)
    .option('--yes', 'agree to the cost of relations between tasks, where the spec asks for them')
    .action((named: string, options: Common & { bothWays?: boolean; yes?: boolean }) =>
      withLab(make, options, async (lab) => {
        if (options.bothWays) return finish(await runBothWays(lab, await specOf(lab, named), output))
        const finished = await runToEnd(lab, await specOf(lab, named), output, options.yes)
        const failed = finished.runs.filter((run) => run.status === 'failed')
        for (const run of failed) output.note(`${run.trial}: ${run.error?.rule} Got: ${run.error?.got}`)
        const curves = await curvesOf(lab, finished.id)
        const document = { ...runDocument(finished), ...(curves ? { rowCurve: curves } : {}) }
        const text = comparisonText(finished.comparisons[0])
        output.result(document, curves ? `${text}\n${curveText(curves)}` : text)
        if (finished.status !== 'done' || failed.length) finish(FAILED)
      }),
    )

  command('relations <what>', 'which tasks help which: of an experiment, or to be measured for a spec or template')
    .option('-w, --workspace <file>', 'keep it in this workspace (default: a temporary one)')
    .addOption(
      new Option('--design <design...>', 'what is fitted (default: pairs)').choices(['pairs', 'leave-one-out']),
    )
    .option('--tasks <task...>', 'relate these tasks only')
    .option('--method <id>', 'with this method of the spec')
    .option('--yes', 'start it: without this the cost is only quoted')
    .addOption(workers)
    .addOption(runtime)
    .action((named: string, options: Common & RelationsOptions) =>
      withLab(make, options, async (lab) => finish(await relationsCommand(lab, named, options, output))),
    )

  withWorkspace('compare <experiment...>', 'compare the methods of experiments')
    .option('--metric <name>', 'by this metric')
    .option('--baseline <method>', 'against this method')
    .option('--report <file>', 'also write the report as one HTML file')
    .action((ids: string[], options: Common & { metric?: string; baseline?: string; report?: string }) =>
      withLab(make, { ...options, existing: true }, async (lab) => {
        const { metric, baseline } = options
        const comparison = await lab.call('experiment.compare', { ids, metric, baseline })
        if (options.report) {
          const { html } = await lab.call('experiment.report', { ids })
          await save(options.report, Buffer.from(html))
        }
        output.result(comparison, comparisonText(comparison))
      }),
    )

  withWorkspace('predict <run> <file>', 'predict new rows with a trained model')
    .requiredOption('-o, --output <file>', 'the CSV to write')
    .action((run: string, file: string, options: Common & { output: string }) =>
      withLab(make, { ...options, existing: true }, async (lab) => {
        const { rows, columns, csv, deviations, warnings } = await lab.call('run.predict', {
          run,
          files: fileRefs([file]),
        })
        await save(options.output, await fetchBlob(lab, csv))
        for (const warning of warnings) output.note(warning.text)
        const path = resolve(options.output)
        const text = [`${rows} rows written to ${path}`, ...deviationsText(deviations)].join('\n')
        output.result({ run, rows, columns, deviations, file: path, warnings }, text)
      }),
    )

  withWorkspace('describe <dataset>', 'say what kind of data it is: meta-features of each target and task')
    .option('--tasks', 'every task of the task column too')
    .option(
      '--nearest [run]',
      'which tasks are alike: by figures, their own lines, measured transfer, the heads of a run',
    )
    .addOption(new Option('--shots <n>', 'are these tasks enough for meta-learning?').argParser(count(1, 10_000)))
    .action((dataset: string, options: Common & DescribeOptions) =>
      withLab(make, { ...options, existing: true }, (lab) => describe(lab, dataset, options, output)),
    )

  withWorkspace('adapt <run> <support...>', 'learn a new task from a few labelled rows')
    .option('--predict <file...>', 'also predict the rows of this file with the adapted model')
    .option('-o, --output <file>', 'the CSV to write the predictions to')
    .option('--onnx <file>', 'also write the adapted model as ONNX')
    .action(
      (run: string, support: string[], options: Common & { predict?: string[]; output?: string; onnx?: string }) =>
        withLab(make, { ...options, existing: true }, async (lab) => {
          if ((options.predict === undefined) !== (options.output === undefined)) throw predictAndOutput(options)
          const { warnings, ...adapted } = await lab.call('run.adapt', { run, files: fileRefs(support) })
          for (const warning of warnings) output.note(warning.text)
          const { model, tasks, trace } = adapted
          const path = trace.flatMap(({ steps, errors }) =>
            errors.map(({ task, error }) => [task, String(steps), error === null ? '' : error.toPrecision(4)]),
          )
          const learned = tasks.map(({ id, rows, classes }) => `${id}: ${rows} labelled rows${ofEach(classes)}`)
          const text = [...learned, ...(path.length ? [textTable(['task', 'steps', 'error on them'], path)] : [])]
          const onnx = options.onnx === undefined ? {} : { onnx: resolve(options.onnx) }
          if (options.onnx !== undefined) {
            const { blob } = await lab.call('run.export', { run, model, format: 'onnx' })
            await save(options.onnx, await fetchBlob(lab, blob))
            text.push(`Written to ${resolve(options.onnx)}`)
          }
          if (!options.predict || !options.output)
            return output.result({ run, model, tasks, trace, warnings, ...onnx }, text.join('\n'))
          const said = await lab.call('run.predict', { run, model, files: fileRefs(options.predict) })
          await save(options.output, await fetchBlob(lab, said.csv))
          for (const warning of said.warnings) output.note(warning.text)
          const file = resolve(options.output)
          const { rows, columns, deviations } = said
          const predicted = { rows, columns, deviations, file, warnings: said.warnings }
          text.push(`${rows} rows written to ${file}`, ...deviationsText(deviations))
          output.result({ run, model, tasks, trace, warnings, ...onnx, predicted }, text.join('\n'))
        }),
    )

  withWorkspace('inner <run>', 'look at the inner loop of a trained meta-learner')
    .option('--steps <n>', 'after so many steps (default: its own, ten at most)', count(1, 50))
    .option('--tasks <n>', 'of at most so many tasks', count(1, 50), 12)
    .action((run: string, options: Common & { steps?: number; tasks: number }) =>
      withLab(make, { ...options, existing: true }, async (lab) => {
        const { steps, tasks } = options
        const map = await lab.call('run.innerLoop', { run, tasks, ...(steps ? { steps } : {}) })
        output.result({ run, ...map }, innerText(map))
      }),
    )

  withWorkspace('export <run>', 'write the model (onnx) or the figures of a run')
    .addOption(new Option('--format <format>').choices(['onnx', 'csv', 'json', 'latex']).makeOptionMandatory())
    .option('-o, --output <file>', 'where to (default: a name of its own, here); - is standard output')
    .action((run: string, options: Common & { format: Params<'run.export'>['format']; output?: string }) =>
      withLab(make, { ...options, existing: true }, async (lab) => {
        const { name, mime, blob } = await lab.call('run.export', { run, format: options.format })
        const bytes = await fetchBlob(lab, blob)
        if (options.output === '-') return output.raw(bytes.toString('utf8'))
        const file = resolve(options.output ?? basename(name))
        await save(file, bytes)
        output.result({ run, format: options.format, mime, file, bytes: bytes.length }, `Written to ${file}`)
      }),
    )

  command('serve', 'open the lab in a browser on this machine')
    .option('-w, --workspace <file>', 'the workspace (default: your own)')
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', count(0, 65_535), 0)
    .option('--open', 'open the browser')
    .addOption(workers)
    .addOption(runtime)
    .action(async (options: Common & { port: number; open?: boolean }) => {
      const workspace = options.workspace ? resolve(options.workspace) : defaultWorkspace()
      const server = await serveLab({
        make: (uploads) => host.make({ ...options, workspace, host: 'browser', uploads }),
        port: options.port,
        open: options.open === true,
        say: (line) => (output.json ? output.note(line) : host.streams.out(`${line}\n`)),
      })
      if (output.json) output.result({ url: server.url, port: server.port, workspace }, '')
      await server.closed
    })

  command('demo', 'train and compare on a built-in sample, without a screen')
    .option('-o, --output <file>', 'where the HTML report goes')
    .option('-w, --workspace <file>', 'keep it in this workspace (default: a temporary one)')
    .addOption(workers)
    .addOption(runtime)
    .action((options: Common & { output?: string }) =>
      withLab(make, options, async (lab) => finish(await demo(lab, options.output, output))),
    )

  notYet('verify <run>', 'run again from the record and compare every figure')
  function notYet(usageText: string, about: string) {
    command(usageText, `${about} (not yet)`)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        const name = usageText.split(' ')[0]
        const rule = 'is planned and does not work yet.'
        const remedy = 'engram help lists what works.'
        throw new UserError({ code: 'not-yet', who: `engram ${name}`, rule, got: 'a call of it: not yet', remedy })
      })
  }
  return program
}

/** How many of them are of each class, where the classes are new ones. */
const ofEach = (classes: { name: string; rows: number }[] = []) =>
  classes.length ? ` (${classes.map(({ name, rows }) => `${name} ${rows}`).join(', ')})` : ''

function predictAndOutput({ predict }: { predict?: string[] }): UserError {
  return new UserError({
    code: 'adapt.predict-and-output',
    who: 'engram adapt',
    rule: 'takes --predict FILE and -o OUT.csv together, or neither.',
    got: predict === undefined ? '-o alone' : '--predict alone',
    remedy: 'Give both.',
  })
}

const count = (least: number, most: number) => (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most || text.trim() === '')
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  return value
}

async function openData(lab: Lab, files: string[], output: Output): Promise<Result<'data.open'>> {
  const end = lab.on((notice) => {
    if (notice.type !== 'import') return
    const share = notice.of ? `${Math.round((100 * notice.done) / notice.of)} %` : ''
    output.progress({ ...notice }, `${notice.phase} ${share}`)
  })
  try {
    const refs: FileRef[] = fileRefs(files)
    return await lab.call('data.open', { files: refs, job: 'import' })
  } finally {
    end()
  }
}

async function save(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes)
  } catch (error) {
    throw new UserError({
      code: 'not-written',
      who: 'Output file',
      rule: 'can be written.',
      got: `${resolve(file)} (${(error as NodeJS.ErrnoException).code ?? error})`,
      remedy: 'Choose another with -o.',
    })
  }
}
