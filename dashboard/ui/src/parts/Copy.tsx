// A button that puts a text on the clipboard.
import { CopyOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useSay } from "../words";

export function CopyButton({ text, label }: { text: string; label: string }) {
  const say = useSay();
  const { message } = App.useApp();
  return <Button size="small" type="text" icon={<CopyOutlined aria-hidden />} aria-label={label} title={label} onClick={() => void navigator.clipboard.writeText(text).then(() => message.success(say("copied")))} />;
}
