// Something that waits for a person, with its answers at hand.
import { Button, Input } from "antd";
import { useId, useState } from "react";
import { Link } from "react-router";
import type { QuestionView } from "../api/types";
import { useSay, type Say } from "../words";
import { Simulated, StateIcon } from "./marks";
import { useIntend } from "./steer";

/** What is asked, in the words of the page where it is of a known kind; its choices are buttons, so that they are not
 * said again. */
export function textOf(say: Say, question: QuestionView): string {
  if (question.about === "approval") return say("question.approvalText", { task: question.task });
  if (question.about !== "conflict" || !question.choices.includes("ours") || !question.task) return question.text;
  const told = say("question.conflictText", { task: question.task, paths: question.paths.slice(0, 5).join(", ") });
  return question.note ? `${told} ${say("conflicts.notSettled", { why: question.note.replace(/\.$/, "") })}` : told;
}

export function Question({ run, question, named }: { run: string; question: QuestionView; named?: boolean }) {
  const say = useSay();
  const intend = useIntend(run);
  const [answered, setAnswered] = useState(false);
  const [words, setWords] = useState("");
  const text = useId();
  const free = !question.choices.length;
  const answer = async (choice: string) => {
    if (answered || !choice.trim()) return;
    setAnswered(true);
    if (!(await intend({ kind: "AnswerQuestion", question: question.id, text: choice }))) setAnswered(false);
  };
  const label = say("question.yourAnswer");
  return (
    <li className="question" data-question={question.id}>
      <div className="question-told">
      <p className="question-head">
        <span className="mark tone-needs"><StateIcon state="NEEDS_YOU" /><span>{say(`about.${question.about}`)}</span></span>
        {named ? <Link to={`/runs/${run}`}>{run}</Link> : null}
        {question.task ? <Link to={`/runs/${run}/tasks/${question.task}`}>{question.task}</Link> : null}
        {question.simulated ? <Simulated /> : null}
      </p>
      <p className="question-text" id={text}>{textOf(say, question)}</p>
      </div>
      <div className="question-answers" role="group" aria-labelledby={text}>
        {question.about === "conflict" ? <Link className="answer-link" to={`/runs/${run}/conflicts/${encodeURIComponent(question.candidate ?? "")}`}>{say("question.inConflicts")}</Link> : null}
        {question.about === "approval" && question.task ? <Link className="answer-link" to={`/runs/${run}/tasks/${question.task}?view=changes`}>{say("task.changes")}</Link> : null}
        {question.choices.map((choice) => (
          <Button key={choice} size="small" type={choice === "approve" ? "primary" : "default"} aria-disabled={answered}
            onClick={() => void answer(choice)} title={choice}>
            {say(`choice.${choice}`, { defaultValue: choice })}
          </Button>
        ))}
        {free ? (
          <form className="question-free" onSubmit={(event) => {
            event.preventDefault();
            void answer(words);
          }}>
            <Input value={words} onChange={(event) => setWords(event.target.value)} placeholder={label} aria-label={label}
              aria-describedby={text} autoComplete="off" />
            <Button htmlType="submit" type="primary" aria-disabled={answered}>{say("question.answer")}</Button>
          </form>
        ) : null}
      </div>
    </li>
  );
}

export function Questions({ run, questions, named }: { run: string; questions: QuestionView[]; named?: boolean }) {
  return (
    <ul className="questions">
      {questions.map((one) => <Question key={`${run}/${one.id}`} run={run} question={one} named={named} />)}
    </ul>
  );
}
