import { App, type AppProps } from 'aws-cdk-lib';
import { MillraceError } from '../../lib/errors/millrace-error.ts';

/**
 * Builds an app and synthesizes it. What is refused is told in two lines, what is wrong and what to do, and ends the process with
 * exit code 1; `cdk --debug` shows the stack of it. Other errors are thrown as they are.
 *
 * @example
 * synthApp((app) => {
 *   const stack = new Stack(app, 'Revenue');
 *   new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry: 'functions/revenue/handler.ts' });
 * });
 */
export const synthApp = (build: (app: App) => void, props: AppProps = {}): void => {
  try {
    const app = new App(props);
    build(app);
    app.synth();
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const { code, message, fix, stack } = error;
    process.stderr.write(`error ${code}: ${message}\n${fix === undefined ? '' : `fix: ${fix}\n`}`);
    // As `cdk --debug` tells the app.
    if (process.env.CDK_DEBUG === 'true') process.stderr.write(`${stack}\n`);
    // Not only the exit code: CDK synthesizes once more before the process ends by itself.
    process.exit(1);
  }
};
