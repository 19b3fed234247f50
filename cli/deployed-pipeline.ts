import type { Command } from 'commander';
import { type AwsClients, createClients } from '../lib/aws/clients.ts';
import { MillraceError } from '../lib/errors/millrace-error.ts';
import type { Pipeline } from '../lib/graph/pipeline.ts';
import { awsPorts } from '../lib/lambda/aws-stage.ts';
import { deploymentVariable, readDeployment, stageVariable } from '../lib/lambda/deployment.ts';
import { sinksOf } from '../lib/lambda/needed-resources.ts';
import type { RuntimePorts } from '../lib/runtime/ports.ts';
import { StageRuntime } from '../lib/runtime/stage-runtime.ts';
import { type DocumentOption, readDocument, withDocument } from './deployment-document.ts';
import { bothClientOptions, type EndpointOptions, isLoopback } from './endpoint.ts';
import { loadPipeline } from './load-pipeline.ts';
import type { Terminal } from './terminal.ts';

export interface DeployedOptions extends EndpointOptions, DocumentOption {}

/** Adds what every command has that works on a deployed pipeline as one of its containers would. */
export const withDeployment = (command: Command): Command =>
  withDocument(command)
    .option('--endpoint <url>', 'endpoint on this machine (default: AWS_ENDPOINT_URL and its forms for a service)')
    .option('--kinesis-endpoint <url>', 'the same for Kinesis, where it has one of its own')
    .option('--allow-aws', 'reach AWS, or an endpoint on another machine');

export interface DeployedStageParts {
  readonly runtime: StageRuntime;
  readonly ports: RuntimePorts;
  readonly incarnation: number;
}

/** A pipeline where it is deployed: its stages, over the same ports as its functions. */
export class DeployedPipeline {
  readonly pipeline: Pipeline;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #documentName: string;
  readonly #options: DeployedOptions;
  readonly #clients: AwsClients;

  constructor(
    pipeline: Pipeline,
    environment: Readonly<Record<string, string | undefined>>,
    documentName: string,
    options: DeployedOptions,
    clients: AwsClients,
  ) {
    this.pipeline = pipeline;
    this.#environment = environment;
    this.#documentName = documentName;
    this.#options = options;
    this.#clients = clients;
  }

  /**
   * Runs `use` over the pipeline of a file, and closes its connections after it.
   * @throws MillraceError `FILE_NOT_FOUND`, `NOT_A_PIPELINE`, `ENDPOINT_REQUIRED`, `DEPLOYMENT_INVALID`
   */
  static async use<T>(
    file: string,
    options: DeployedOptions,
    terminal: Terminal,
    use: (deployed: DeployedPipeline) => Promise<T>,
  ): Promise<T> {
    const pipeline = await loadPipeline(file);
    const { text, name } = await readDocument(options, terminal);
    const clients = createClients(bothClientOptions(options, terminal.env));
    const environment = { ...terminal.env, [deploymentVariable]: text };
    try {
      return await use(new DeployedPipeline(pipeline, environment, name, options, clients));
    } finally {
      clients.destroy();
    }
  }

  /** @throws MillraceError `DEPLOYMENT_INVALID`, `ENDPOINT_REQUIRED` */
  stage(id: string): DeployedStageParts {
    const environment = { ...this.#environment, [stageVariable]: id };
    const deployed = readDeployment(this.pipeline, environment, this.#documentName);
    const { deployment } = deployed;
    if (this.#options.allowAws !== true) {
      this.#requireLocalSinks(id);
      if (deployment.blobs !== undefined)
        this.#requireLocal('s3', `The state's bucket '${deployment.blobs.bucket}'`, this.#endpointOf('s3'));
    }
    const ports = awsPorts(this.pipeline, deployed, {}, environment, this.#clients);
    const { incarnation = 1 } = deployment;
    const runtime = new StageRuntime({
      pipeline: this.pipeline,
      stage: id,
      ports,
      resolveStream: (logical) => deployment.streams[logical] as string,
      incarnation,
    });
    return { runtime, ports, incarnation };
  }

  #endpointOf(service: string): string | undefined {
    return this.#environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? this.#environment.AWS_ENDPOINT_URL;
  }

  /** What a repair computes goes to the stage's sinks, which may be elsewhere than its table. */
  #requireLocalSinks(stage: string): void {
    for (const { id, spec } of sinksOf(this.pipeline, stage)) {
      if (spec.kind === 'dynamo' || spec.kind === 'kinesis') continue;
      const what = `Sink '${id}' of stage '${stage}'`;
      this.#requireLocal(spec.kind, what, spec.kind === 'http' ? fixedUrl(spec.url) : this.#endpointOf(spec.kind));
    }
  }

  #requireLocal(kind: 'http' | 's3' | 'sqs', what: string, endpoint: string | undefined): void {
    if (endpoint !== undefined && isLoopback(URL.parse(endpoint)?.hostname ?? '')) return;
    throw new MillraceError(
      'configuration',
      'ENDPOINT_REQUIRED',
      `${what} is reached at ${endpoint ?? `where '${kind}' leads`}, which may not be on this machine.`,
      { fix: 'Give --allow-aws if that is what you want, or set AWS_ENDPOINT_URL to an engine on this machine.' },
    );
  }
}

/** One that the environment or a function gives may lead anywhere. */
const fixedUrl = (url: unknown): string | undefined => (typeof url === 'string' ? url : undefined);
