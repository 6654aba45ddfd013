import type { Question } from './question';
import { analysisResult, reportResult, type Hit, type Step } from './results';
import { describeAnalysis, figure } from './wording';

/** What is said of the results in the end: each by itself, failures in their own words. */
export function conclude({ intent }: Question, steps: Step[], widgets: Hit[]): string {
  const name = `"${widgets[0]?.name}"`;
  return steps
    .map(({ result }) => {
      if (!result.ok) return `It was not done: ${result.problem}`;
      switch (intent.kind) {
        case 'figures':
          return tellAnalysis(result.data);
        case 'report':
          return tellReport(result.data);
        case 'refresh':
          return `${name} is being refreshed; it changes on its dashboards as soon as the new data is there.`;
        case 'schedule':
          return intent.everySeconds === null
            ? `${name} has no schedule any more.`
            : `${name} is refreshed every ${figure(intent.everySeconds)} seconds from now on.`;
      }
    })
    .join('\n\n');
}

const UNREADABLE = 'A tool answered in a way I do not understand.';

function tellAnalysis(data: unknown): string {
  const analysis = analysisResult.safeParse(data);
  return analysis.success ? describeAnalysis(analysis.data) : UNREADABLE;
}

function tellReport(data: unknown): string {
  const report = reportResult.safeParse(data);
  if (!report.success) return UNREADABLE;
  const { csv, markdown } = report.data;
  return `the report is ready, and its ${figure(csv.rows)} rows can be downloaded from ${csv.path}.\n\n${markdown}`;
}
