// Something that waits for a person, with its answers at hand.
import { Button, Input } from "antd";
import { useId, useState } from "react";
import { Link } from "react-router";
import type { QuestionView } from "../api/types";
import { useSay } from "../words";
import { Simulated, StateIcon } from "./marks";
import { useIntend } from "./steer";

export function Question({ run, question, named }: { run: string; question: QuestionView; named?: boolean }) {
  const say = useSay();
  const intend = useIntend(run);
  const [answered, setAnswered] = useState(false);
  const [words, setWords] = useState("");
  const text = useId();
  const free = !question.choices.length || question.about === "conflict";
  const answer = async (choice: string) => {
    if (answered || !choice.trim()) return;
    setAnswered(true);
    if (!(await intend({ kind: "AnswerQuestion", question: question.id, text: choice }))) setAnswered(false);
  };
  const label = question.about === "conflict" ? say("question.yourCommit") : say("question.yourAnswer");
  return (
    <li className="question" data-question={question.id}>
      <p className="question-head">
        <span className="mark tone-needs"><StateIcon state="NEEDS_YOU" /><span>{say(`about.${question.about}`)}</span></span>
        {named ? <Link to={`/runs/${run}`}>{run}</Link> : null}
        {question.task ? <Link to={`/runs/${run}/tasks/${question.task}`}>{question.task}</Link> : null}
        {question.simulated ? <Simulated /> : null}
        {question.about === "conflict" ? <Link to={`/runs/${run}/conflicts`}>{say("question.inConflicts")}</Link> : null}
      </p>
      <p className="question-text" id={text}>{question.text}</p>
      {question.paths.length ? (
        <p className="paths">{question.paths.slice(0, 12).map((path) => <code key={path}>{path}</code>)}</p>
      ) : null}
      <div className="question-answers" role="group" aria-labelledby={text}>
        {question.choices.map((choice) => (
          <Button key={choice} type={choice === "approve" ? "primary" : "default"} aria-disabled={answered}
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
            <Button htmlType="submit" type={question.choices.length ? "default" : "primary"} aria-disabled={answered}>
              {say("question.answer")}
            </Button>
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
