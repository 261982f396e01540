//! Chinese personal names: a list of surnames and of characters that given names are made of.

use super::form::han;

/// Surnames of one character: the common ones first, then those of the classical list still borne, then rare ones.
const SINGLE: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏\
吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔\
赖文洪季申施牛樊葛邢安齐伍庞颜倪庄聂章鲁岳翟殷詹欧耿关焦俞左柳甘祝包宁尚符舒阮纪梅童凌毕单裴霍涂成苗谷盛曲翁冉骆蓝路\
游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟\
邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼\
盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁都普阳冒布占山茅干才亓言青\
竺苍松禾墨舟溪寿宓郗籍邸逄揭怀呼延阎肇雍邰窑蹇昝暴贲逯隆蒯鄂咸雒仉乜缑蔚英酆水逢贡宰郏璩濮益通弓牧隗步耿弘匡尧宦钮么帖綦";

/// Compound surnames.
const COMPOUND: [&str; 44] = [
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文", "司徒", "司空",
    "夏侯", "东方", "南宫", "西门", "端木", "百里", "轩辕", "钟离", "独孤", "呼延", "闻人", "申屠", "太史",
    "淳于", "单于", "公冶", "仲孙", "鲜于", "闾丘", "亓官", "司寇", "巫马", "公西", "漆雕", "乐正", "壤驷",
    "拓跋", "夹谷", "宰父", "谷梁", "第五",
];

/// Characters that given names are often made of; words for things rarely are.
const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华玉红建国文辉力鹏飞龙志海波斌宇浩凯健俊帆亮\
雷鑫宁婷雪琳晶欣颖佳怡悦梦琪涵萱诺轩睿博思宸梓子一诗雨馨若语嘉瑞泽晨昊然皓阳辰铭逸天翔鸿春梅荣珍凤云莲香琴燕萍翠\
爱贵福生全永胜清贤德忠义仁兴良善根旺昌发成富顺长庆祥林森松柏树山川江河安康乐和美慧淑惠贞倩蓉薇莉露曼璐瑶瑾媛妍予知行远\
晓立新中光东来友振家世宏学少之莹洁丹蕾彬楠坤彤珊冰凌霖峰岩晖炜旭";

/// Endings of places, bodies and things, which names of persons do not have.
const NOT_A_PERSON: &str = "省市县区旗镇乡村街路巷号楼部局院厅所司厂店馆站校班组科处室会社行场园河湖品类型级费税款证书表单车机器具油肉菜米面茶酒药料业族语教";

/// Whether a text is written as a Chinese name: two to four Chinese characters, or two parts with a middle dot.
pub(super) fn looks_so(text: &str) -> bool {
    let length = text.chars().count();
    if let Some((first, last)) = text.split_once('·') {
        let part =
            |part: &str| (1..=8).contains(&part.chars().count()) && part.chars().all(|c| han(c) || c == '·');
        return part(first) && part(last);
    }
    (2..=4).contains(&length) && text.chars().all(han)
}

/// Whether it also begins with a surname and does not end as places and things do.
pub(super) fn is_name(text: &str) -> bool {
    if text.contains('·') {
        return looks_so(text);
    }
    let surname = surname(text);
    let ending = text
        .chars()
        .last()
        .is_some_and(|last| NOT_A_PERSON.contains(last));
    looks_so(text) && surname > 0 && !ending && text.chars().count() - surname <= 2
}

/// How many of the characters after the surname given names are often made of, and how many there are.
pub(super) fn given(text: &str) -> (usize, usize) {
    let rest = text.chars().skip(surname(text));
    rest.fold((0, 0), |(usual, all), c| {
        (usual + usize::from(GIVEN.contains(c)), all + 1)
    })
}

/// Characters of the surname: two, one, or none if there is no surname at the beginning.
fn surname(text: &str) -> usize {
    let length = text.chars().count();
    if length >= 3 && COMPOUND.iter().any(|surname| text.starts_with(surname)) {
        return 2;
    }
    usize::from(text.chars().next().is_some_and(|first| SINGLE.contains(first)))
}
